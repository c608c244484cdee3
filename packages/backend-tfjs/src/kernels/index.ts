export { kernelsOn } from "./table.ts";
