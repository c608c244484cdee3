import { models } from "./models.ts";
import { sessionOverhead } from "./session.ts";

for (const n of process.argv.slice(2)) console.log(n, await sessionOverhead(models.find((m) => m.name === n)!, 30, 4));
process.exit(0);
