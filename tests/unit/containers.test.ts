import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { satisfies } from "semver";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { parseEnvironment } from "../../src/core/environment.js";
import { missingPatch } from "../../src/postgres/server-facts.js";
import { readBlocks } from "../docs/support/markdown.js";

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");

const service = z.object({
  image: z.string(),
  build: z.object({ target: z.string() }).optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  volumes: z.array(z.string()).default([]),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.string()).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.unknown().optional(),
});
const { services } = z
  .object({ services: z.record(z.string(), service) })
  .parse(parse(read("compose.yaml"), { merge: true }));
const named = (name: string) => services[name] ?? expect.fail(`compose.yaml has no ${name}`);

const dockerfile = read("Dockerfile").replaceAll(/\\\n/g, " ");
/** The instructions of each stage, by its name. */
const stages = new Map(
  dockerfile
    .split(/^(?=FROM )/m)
    .slice(1)
    .map((text) => [/ AS (\S+)/.exec(text)?.[1] ?? "", text] as const),
);
const instructions = (stage: string, name: string) =>
  [...(stages.get(stage) ?? "").matchAll(new RegExp(`^${name} (.+)$`, "gm"))].map((match) => match[1] ?? "");
const argument = (name: string) => new RegExp(`^ARG ${name}=(.+)$`, "m").exec(dockerfile)?.[1] ?? "";

/** `${NAME:-fallback}` gives the fallback. */
const fallbackOf = (text: string) => /\$\{\w+:-(.+)\}/.exec(text)?.[1] ?? text;
/** `postgres:18.7-bookworm` gives 18 and 7. */
function versionOf(image: string): { major: number; minor: number } {
  const [, major = "0", minor = "0"] = /:(\d+)(?:\.(\d+))?/.exec(fallbackOf(image)) ?? [];
  return { major: Number(major), minor: Number(minor) };
}

describe("the Dockerfile", () => {
  it("runs on a Node.js that the package takes", () => {
    const [, version = ""] = /^node:(\d+)-/.exec(argument("NODE_IMAGE")) ?? [];
    const { engines } = z
      .object({ engines: z.object({ node: z.string() }) })
      .parse(JSON.parse(read("package.json")));
    expect(satisfies(`${version}.999.0`, engines.node)).toBe(true);
    for (const [name, text] of stages) expect(text, name).toMatch(/^FROM \$\{NODE_IMAGE\} AS /);
  });

  it("has a pg_dump that is not older than the server of compose.yaml", () => {
    expect(Number(argument("POSTGRES_MAJOR"))).toBeGreaterThanOrEqual(
      versionOf(named("postgres").image).major,
    );
  });

  it.each(["tenantry", "auth-service"])("runs %s as a user by number, with no tool that builds", (stage) => {
    expect(instructions(stage, "USER")).toEqual(["1000:1000"]);
    expect(instructions(stage, "RUN").join("\n")).not.toMatch(/npm|apt-get/);
    expect(instructions(stage, "HEALTHCHECK")).toHaveLength(1);
  });

  it("makes tenantry where nobody names a stage, and takes the command's words as its own", () => {
    expect([...stages.keys()].at(-1)).toBe("tenantry");
    expect(instructions("tenantry", "ENTRYPOINT")).toEqual(['["tenantry"]']);
    expect(instructions("tenantry", "HEALTHCHECK")[0]).toContain('CMD ["tenantry", "status"');
    expect(instructions("tenantry", "ENV")[0]).toContain("TENANTRY_ENV=production");
  });

  it("copies only what is there, and what .dockerignore lets through", () => {
    const let_through = read(".dockerignore")
      .split("\n")
      .filter((line) => line.startsWith("!"));
    for (const stage of stages.keys()) {
      for (const line of instructions(stage, "COPY").filter((each) => !each.startsWith("--from"))) {
        for (const path of line.split(" ").slice(0, -1)) {
          expect(existsSync(fileURLToPath(new URL(`../../${path}`, import.meta.url))), path).toBe(true);
          expect(let_through).toContain(`!${path.split("/")[0]}`);
        }
      }
    }
  });

  it("copies each file that the build is configured by", () => {
    const { scripts } = z
      .object({ scripts: z.object({ build: z.string() }) })
      .parse(JSON.parse(read("package.json")));
    const files = [...scripts.build.matchAll(/(?:-p|--config) (\S+)/g)].map(([, file = ""]) => file);
    expect(files).toHaveLength(2);
    const copied = instructions("build", "COPY").flatMap((line) => line.split(" ").slice(0, -1));
    expect(copied).toEqual(expect.arrayContaining(files));
  });

  it("names packages to keep that the manifest has", () => {
    const kept: unknown = JSON.parse(/const kept = (\[.+?\])/.exec(dockerfile)?.[1] ?? "null");
    const { peerDependencies, devDependencies } = z
      .object({
        peerDependencies: z.record(z.string(), z.string()),
        devDependencies: z.record(z.string(), z.string()),
      })
      .parse(JSON.parse(read("package.json")));
    for (const name of z.array(z.string()).min(1).parse(kept)) {
      expect(peerDependencies).toHaveProperty([name]);
      expect(devDependencies).toHaveProperty([name]);
    }
  });

  it("holds no secret", () => {
    expect(dockerfile).not.toMatch(/password|_TOKEN|postgres:\/\/[^ ]*:[^ ]*@/i);
    expect(dockerfile).not.toMatch(/^(ARG|ENV) .*(SECRET|PASSWORD|DATABASE_URL)/m);
  });
});

describe("compose.yaml", () => {
  it("has a PostgreSQL with the fix that isolation depends on", () => {
    expect(missingPatch(versionOf(named("postgres").image))).toBeUndefined();
    expect(missingPatch({ major: 18, minor: versionOf(named("postgres").image).minor - 1 })).toBeDefined();
  });

  it("lets services wait until the migrations are applied, and those until the server answers", () => {
    expect(named("migrate").depends_on).toEqual({ postgres: { condition: "service_healthy" } });
    expect(named("auth-service").depends_on).toMatchObject({
      migrate: { condition: "service_completed_successfully" },
    });
    expect(named("postgres").healthcheck).toBeDefined();
    expect(named("redis").healthcheck).toBeDefined();
  });

  it("migrates in an environment that there is, and logs each event", () => {
    const { command = [] } = named("migrate");
    expect(command[0]).toBe("migrate");
    expect(parseEnvironment(fallbackOf(command[command.indexOf("--env") + 1] ?? ""))).not.toBe("development");
    expect(command.join(" ")).toContain("--log json");
  });

  it("takes every secret from outside, and none by a command line", () => {
    for (const [name, { environment, command = [] }] of Object.entries(services)) {
      for (const [variable, value] of Object.entries(environment))
        if (/PASSWORD|SECRET/.test(variable))
          expect(value, `${name} ${variable}`).toMatch(/^\$\{\w+:\?.+\}$/);
      expect(command.join(" "), name).not.toMatch(/PASSWORD|SECRET|DATABASE_URL/);
      for (const url of Object.values(environment)
        .map(String)
        .filter((value) => value.includes("@")))
        expect(url, name).toMatch(/:\/\/\w+:\$\{\w+\}@/);
    }
    expect(read(".gitignore")).toMatch(/^\.env$/m);
    expect(read(".dockerignore")).toMatch(/^\*\*\/\.env\*$/m);
  });

  it("gives services another login than the migrator's", () => {
    const user = (name: string, variable: string) =>
      /\/\/(\w+):/.exec(String(named(name).environment[variable]))?.[1];
    const logins = read("examples/compose/make-service-login.sh");
    expect(user("migrate", "DATABASE_URL")).toBe("migrator");
    expect(user("auth-service", "SERVICE_DATABASE_URL")).toBe("auth_service");
    expect(logins).toMatch(/create role auth_service login password :'service_password' in role app_tenant;/);
    expect(named("auth-service").environment).not.toHaveProperty("DATABASE_URL");
  });

  it.each(["migrate", "auth-service", "tenantry"])(
    "runs %s on a read-only file system, without privileges",
    (name) => {
      expect(named(name)).toMatchObject({ read_only: true, cap_drop: ["ALL"] });
      expect(stages.has(named(name).build?.target ?? "tenantry")).toBe(true);
    },
  );

  it("mounts files that are there", () => {
    const paths = Object.values(services).flatMap(({ volumes }) =>
      volumes.filter((each) => each.startsWith("./")),
    );
    expect(paths.length).toBeGreaterThan(0);
    for (const path of paths)
      expect(existsSync(fileURLToPath(new URL(`../../${path.split(":")[0]}`, import.meta.url)))).toBe(true);
  });
});

describe("the example for Kubernetes", () => {
  const container = z.object({
    image: z.string(),
    args: z.array(z.string()),
    env: z.array(
      z.object({ name: z.string(), value: z.string().optional(), valueFrom: z.unknown().optional() }),
    ),
    securityContext: z.object({
      readOnlyRootFilesystem: z.literal(true),
      allowPrivilegeEscalation: z.literal(false),
    }),
  });
  const pod = z.object({
    spec: z.object({
      securityContext: z.object({ runAsNonRoot: z.literal(true) }),
      restartPolicy: z.string().optional(),
    }),
  });
  const documents = readBlocks(read("docs/operations.md"))
    .filter(({ language, section }) => language === "yaml" && section === "In containers")
    .map(({ text }) => parse(text) as unknown);

  it("is a Job that is not tried for ever, by a login from a secret", () => {
    const [job] = documents;
    const { spec } = z
      .object({
        kind: z.literal("Job"),
        spec: z.object({
          backoffLimit: z.number().max(5),
          template: pod.and(z.object({ spec: z.object({ containers: z.array(container).length(1) }) })),
        }),
      })
      .parse(job);
    const [{ args, env }] = z.tuple([container]).parse(spec.template.spec.containers);
    expect(args.slice(0, 3)).toEqual(["migrate", "--env", "production"]);
    expect(env.find(({ name }) => name === "DATABASE_URL")).toMatchObject({
      valueFrom: { secretKeyRef: {} },
    });
    expect(spec.template.spec.restartPolicy).toBe("Never");
  });

  it("is an init container before a service, with the same image and login", () => {
    const { spec } = z
      .object({
        kind: z.literal("Deployment"),
        spec: z.object({
          template: pod.and(z.object({ spec: z.object({ initContainers: z.array(container).length(1) }) })),
        }),
      })
      .parse(documents[1]);
    const [{ args, env }] = z.tuple([container]).parse(spec.template.spec.initContainers);
    expect(args[0]).toBe("migrate");
    for (const { name, value } of env)
      expect(name.endsWith("DATABASE_URL") ? value : undefined).toBeUndefined();
  });
});
