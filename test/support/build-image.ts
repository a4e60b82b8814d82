/** Builds one image, as a program of its own so that a lock can be held around it: see images.ts. */
import { buildNow, type Recipe } from "./images.ts";

const [recipe = "", target = "", work = ""] = process.argv.slice(2);
buildNow(recipe as Recipe, target, work);
