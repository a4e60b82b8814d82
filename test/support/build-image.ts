/** Builds images, as a program of its own so that a lock can be held around it: see images.ts. */
import { buildNow, type Call } from "./images.ts";

const [call = "", target = "", work = ""] = process.argv.slice(2);
buildNow(call as Call, target, work);
