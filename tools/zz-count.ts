import { tfjs, limitations } from "@keras-ts/backend-tfjs";
import { hostOps } from "./lib/host-ops.ts";
const tf = await tfjs({ device: "cpu" });
const t=performance.now(); const devs = ["webgpu","webgl"];
const all = await hostOps(devs.map((device) => ({ device, dtypes: tf.dtypes, kernels: tf.kernels as never, limitations })));
console.log((performance.now()-t).toFixed(0)+" ms");
all.forEach((m, i) => { const bad=[...m].filter(([,s])=>s.size>0);
 console.log(devs[i], bad.length, "of", m.size); const by=new Map<string,number>(); for (const [,s] of bad) { const k=[...s].sort().join("+"); by.set(k,(by.get(k)??0)+1);} console.log([...by].sort((a,b)=>b[1]-a[1]).slice(0,40).map(([k,v])=>k+" "+v).join("; ")); if (i===0) console.log(bad.map(([n])=>n).join());});
