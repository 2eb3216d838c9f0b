import type { Browser } from "playwright-core";
import { chromium } from "playwright-core";
import { findProgram } from "./find-program.js";
import { canInstallDebianPackages, installDebianPackage } from "./install-debian-package.js";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** It must not reach for anything by itself: what it asks for is what a page asks for. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The system's Chromium without a window, with a profile of its own; on Debian it is installed if it is missing. */
export async function startChromium(): Promise<Browser> {
  return await chromium.launch({ executablePath: await findChromium(), headless: true, args: FLAGS });
}

async function findChromium(): Promise<string> {
  const installed = await findProgram(NAMES);
  if (installed !== undefined) return installed;
  if (await canInstallDebianPackages()) await installDebianPackage("chromium");
  const now = await findProgram(NAMES);
  if (now === undefined) throw new Error("These tests need Chromium: install chromium.");
  return now;
}
