#!/usr/bin/env node
import { runPackaged } from "../cli/packaged.ts";

await runPackaged("kanod-configure");
