import { createHash } from "node:crypto";
import type { getGeneratorsFunctions } from "drizzle-seed";

type Generators = ReturnType<typeof getGeneratorsFunctions>;
type Row = Readonly<Record<string, unknown>>;
type Tables = Record<
  string,
  {
    readonly count?: number;
    readonly columns?: Readonly<Record<string, ReturnType<Generators[keyof Generators]>>>;
    readonly finish?: (row: Row, at: At) => Row;
  }
>;
type At = { readonly index: number; readonly random: () => number };

const DAY = 86_400_000;
const MINUTE = 60_000;

/**
 * What is realistic for our tables: read by `tenantry seed`, and by nothing else. Fixed dates and no other source of
 * chance than what is handed in, so that the same seed makes the same rows.
 */
export const seed = (
  f: Generators,
  { id, index, count }: { id: string; index: number; count: number },
): Tables => ({
  creators: {
    columns: {
      displayName: f.fullName(),
      status: f.weightedRandom([
        { weight: 0.9, value: f.default({ defaultValue: "active" }) },
        { weight: 0.1, value: f.default({ defaultValue: "suspended" }) },
      ]),
    },
    finish: (row: Row, { random }: At) => ({
      ...row,
      ...writtenAt(random, 2025),
      // example.com is nobody's (RFC 2606). The end of the id: two seeds may well invent the same name.
      email: `${slug(String(row.displayName))}.${id.slice(-6)}@example.com`,
      // Looks right, and no password has this hash.
      passwordHash: `$argon2id$v=19$m=65536,t=3,p=4$${hex(random, 16)}$${hex(random, 32)}`,
      settings: { language: pick(random, ["en", "de", "fr", "pt"]), weeklyReport: random() < 0.5 },
    }),
  },
  documents: {
    count: count * 2,
    columns: {
      title: f.valuesFromArray({ values: TITLES }),
      content: f.loremIpsum({ sentencesCount: 8 }),
      status: f.valuesFromArray({
        values: [
          { weight: 0.8, values: ["ready"] },
          { weight: 0.1, values: ["pending"] },
          { weight: 0.06, values: ["processing"] },
          { weight: 0.04, values: ["failed"] },
        ],
      }),
      version: f.int({ minValue: 1, maxValue: 6 }),
    },
    finish: (row: Row, at: At) => document(row, at),
  },
  widgetConfigurations: {
    count: Math.min(count, WIDGETS.length),
    finish: (row: Row, { index: at, random }: At) => ({
      ...row,
      ...writtenAt(random),
      name: WIDGETS[at],
      theme: {
        color: pick(random, ["#0b7285", "#5f3dc4", "#c92a2a"]),
        position: pick(random, ["left", "right"]),
      },
      allowedOrigins: [`https://creator-${index + 1}.example.com`],
      greeting: pick(random, ["Hello! How can we help?", "Ask us anything.", null]),
      active: at === 0 || random() < 0.7,
    }),
  },
  conversations: {
    count: count * 3,
    columns: {
      channel: f.valuesFromArray({
        values: [
          { weight: 0.7, values: ["web"] },
          { weight: 0.3, values: ["mobile", "email", "api"] },
        ],
      }),
      status: f.valuesFromArray({ values: ["open", "closed", "closed", "archived"] }),
    },
    finish: (row: Row, { random }: At) => conversation(row, random),
  },
  refreshTokens: {
    columns: { familyId: f.uuid() },
    finish: (row: Row, { random }: At) => refreshToken(row, random),
  },
  jwtBlacklist: {
    count: Math.ceil(count / 3),
    columns: {
      jti: f.uuid(),
      reason: f.valuesFromArray({ values: ["signed_out", "signed_out", "password_changed", "compromised"] }),
    },
    finish: (row: Row, { random }: At) => {
      const { createdAt } = writtenAt(random);
      return { ...row, createdAt, updatedAt: createdAt, expiresAt: later(createdAt, 15 * MINUTE) };
    },
  },
  tokenCutoffs: {
    // One for each creator: somebody who changed the password once, half a year ago.
    count: 1,
    finish: (row: Row, { random }: At) => {
      const { createdAt } = writtenAt(random, 2025);
      const expiresAt = later(createdAt, DAY);
      return {
        ...row,
        issuedUntil: createdAt,
        createdAt,
        updatedAt: createdAt,
        expiresAt,
        reason: "password_changed",
      };
    },
  },
});

const TITLES = [
  "Returns and refunds",
  "Shipping times and costs",
  "Getting started",
  "Opening hours and contact",
  "How billing works",
  "Changing your plan",
  "Privacy policy",
  "Troubleshooting sign-in",
  "Care instructions",
  "Size guide",
  "Warranty terms",
  "Frequently asked questions",
];

const WIDGETS = [
  "Website",
  "Help centre",
  "Shop",
  "Checkout",
  "Blog",
  "Mobile app",
  "Intranet",
  "Landing page",
];

const EXCHANGES = [
  ["Where is my order?", "It left our warehouse yesterday and should arrive within two working days."],
  ["Can I return an item that I have opened?", "Yes, within 30 days, as long as nothing is missing."],
  ["Do you ship to Portugal?", "We do; it takes three to five working days."],
  [
    "I cannot sign in any more.",
    "Please ask for a new password on the sign-in page; the link is good for an hour.",
  ],
  ["Is there a discount for students?", "There is: 15 % with a student address."],
] as const;

const FILES = [
  ["text/markdown", "md"],
  ["application/pdf", "pdf"],
  ["text/html", "html"],
] as const;

function document(row: Row, { index, random }: At): Row {
  const [mimeType, extension] = pick(random, FILES);
  const times = writtenAt(random);
  const title = index < TITLES.length ? row.title : `${String(row.title)} (${index})`;
  const isReady = row.status === "ready";
  return {
    ...row,
    ...times,
    title,
    mimeType,
    content: isReady ? row.content : "",
    source: random() < 0.7 ? `${slug(String(title))}.${extension}` : null,
    checksum: createHash("sha256")
      .update(`${index} ${String(row.content)}`)
      .digest("hex"),
    tags: ["support", "shop", "legal", "product"].filter(() => random() < 0.4),
    metadata: isReady ? { language: "en", pages: 1 + Math.floor(random() * 12) } : {},
    deletedAt: random() < 0.05 ? later(times.updatedAt, DAY) : null,
  };
}

function conversation(row: Row, random: () => number): Row {
  const startedAt = writtenAt(random).createdAt;
  const exchanges = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(random, EXCHANGES));
  const messages = exchanges.flatMap(([question, answer], turn) => [
    { role: "visitor", content: question, at: later(startedAt, turn * 3 * MINUTE).toISOString() },
    { role: "assistant", content: answer, at: later(startedAt, (turn * 3 + 1) * MINUTE).toISOString() },
  ]);
  const end = later(startedAt, exchanges.length * 3 * MINUTE);
  return {
    ...row,
    visitorId: `visitor-${hex(random, 6)}`,
    messages,
    startedAt,
    endedAt: row.status === "open" ? null : end,
    createdAt: startedAt,
    updatedAt: end,
  };
}

function refreshToken(row: Row, random: () => number): Row {
  const { createdAt } = writtenAt(random);
  const isRevoked = random() < 0.4;
  const revokedAt = later(createdAt, Math.floor(random() * DAY));
  return {
    ...row,
    tokenHash: hex(random, 32),
    createdAt,
    updatedAt: isRevoked ? revokedAt : createdAt,
    expiresAt: later(createdAt, 30 * DAY),
    revokedAt: isRevoked ? revokedAt : null,
    revokedReason: isRevoked ? pick(random, ["rotated", "rotated", "signed_out"]) : null,
    userAgent: pick(random, [
      "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    ]),
    // 203.0.113.0/24 is set aside for documentation (RFC 5737).
    ip: `203.0.113.${1 + Math.floor(random() * 254)}`,
  };
}

function writtenAt(random: () => number, year = 2026): { createdAt: Date; updatedAt: Date } {
  const createdAt = new Date(Date.UTC(year, 0, 1) + Math.floor(random() * 180 * DAY));
  return { createdAt, updatedAt: later(createdAt, Math.floor(random() * 20 * DAY)) };
}

function later(moment: Date, milliseconds: number): Date {
  return new Date(moment.getTime() + milliseconds);
}

function pick<T>(random: () => number, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)] as T;
}

function hex(random: () => number, bytes: number): string {
  return Array.from({ length: bytes }, () =>
    Math.floor(random() * 256)
      .toString(16)
      .padStart(2, "0"),
  ).join("");
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}
