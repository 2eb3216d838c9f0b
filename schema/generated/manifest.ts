// Written by tenantry generate from the schema files. Do not edit: run it again.

/** What the schema promises about each table. The digest is over all of it: it changes when a promise does. */
export const manifest = {
  digest: "bddba81e4b83c56a7e36da460a33c8a632f3de7de07a5054ff85eea48a9c3a31",
  tenancy: {
    column: "creator_id",
    setting: "app.creator_id",
    roles: {
      tenant: "app_tenant",
      door: "app_door",
      admin: "app_admin",
    },
  },
  tables: {
    audit_logs: {
      schema: "public",
      name: "audit_logs",
      kind: "tenant",
      reason: null,
      tenantColumn: {
        name: "creator_id",
        type: "uuid",
      },
      commands: ["select", "insert"],
      policies: [
        {
          name: "audit_logs_admin",
          permissive: true,
          command: "all",
          roles: ["app_admin"],
          using: "true",
          check: "true",
        },
        {
          name: "audit_logs_floor",
          permissive: false,
          command: "all",
          roles: ["app_tenant"],
          using:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
          check:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
        },
        {
          name: "audit_logs_tenant",
          permissive: true,
          command: "all",
          roles: ["app_tenant"],
          using:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
          check:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
        },
      ],
      grants: {
        app_tenant: ["select", "insert"],
        app_admin: ["select", "insert"],
      },
      audit: false,
      auditLog: true,
      secret: [],
      exceptions: [],
    },
    conversations: {
      schema: "public",
      name: "conversations",
      kind: "tenant",
      reason: null,
      tenantColumn: {
        name: "creator_id",
        type: "uuid",
      },
      commands: ["select", "insert", "update", "delete"],
      policies: [
        {
          name: "conversations_admin",
          permissive: true,
          command: "all",
          roles: ["app_admin"],
          using: "true",
          check: "true",
        },
        {
          name: "conversations_floor",
          permissive: false,
          command: "all",
          roles: ["app_tenant"],
          using:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
          check:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
        },
        {
          name: "conversations_tenant",
          permissive: true,
          command: "all",
          roles: ["app_tenant"],
          using:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
          check:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
        },
      ],
      grants: {
        app_tenant: ["select", "insert", "update", "delete"],
        app_admin: ["select", "insert", "update", "delete"],
      },
      audit: false,
      auditLog: false,
      secret: [],
      exceptions: [],
    },
    creators: {
      schema: "public",
      name: "creators",
      kind: "root",
      reason: null,
      tenantColumn: {
        name: "id",
        type: "uuid",
      },
      commands: ["select", "insert", "update"],
      policies: [
        {
          name: "creators_admin",
          permissive: true,
          command: "all",
          roles: ["app_admin"],
          using: "true",
          check: "true",
        },
        {
          name: "creators_floor",
          permissive: false,
          command: "all",
          roles: ["app_tenant"],
          using: "\"id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
          check: "\"id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
        },
        {
          name: "creators_tenant",
          permissive: true,
          command: "all",
          roles: ["app_tenant"],
          using: "\"id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
          check: "\"id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
        },
      ],
      grants: {
        app_tenant: ["select", "insert", "update"],
        app_admin: ["select", "insert", "update", "delete"],
      },
      audit: true,
      auditLog: false,
      secret: ["password_hash"],
      exceptions: [
        {
          rule: "key-not-tenant-leading",
          subject: "creators_email_key",
          reason:
            "An address signs in before the creator is known, so it must name one creator in the whole database; sign-up answers alike whether the address was free or taken.",
        },
      ],
    },
    documents: {
      schema: "public",
      name: "documents",
      kind: "tenant",
      reason: null,
      tenantColumn: {
        name: "creator_id",
        type: "uuid",
      },
      commands: ["select", "insert", "update", "delete"],
      policies: [
        {
          name: "documents_admin",
          permissive: true,
          command: "all",
          roles: ["app_admin"],
          using: "true",
          check: "true",
        },
        {
          name: "documents_floor",
          permissive: false,
          command: "all",
          roles: ["app_tenant"],
          using:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
          check:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
        },
        {
          name: "documents_tenant",
          permissive: true,
          command: "all",
          roles: ["app_tenant"],
          using:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
          check:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
        },
      ],
      grants: {
        app_tenant: ["select", "insert", "update", "delete"],
        app_admin: ["select", "insert", "update", "delete"],
      },
      audit: true,
      auditLog: false,
      secret: [],
      exceptions: [],
    },
    jwt_blacklist: {
      schema: "public",
      name: "jwt_blacklist",
      kind: "tenant",
      reason: null,
      tenantColumn: {
        name: "creator_id",
        type: "uuid",
      },
      commands: ["select", "insert"],
      policies: [
        {
          name: "jwt_blacklist_admin",
          permissive: true,
          command: "all",
          roles: ["app_admin"],
          using: "true",
          check: "true",
        },
        {
          name: "jwt_blacklist_floor",
          permissive: false,
          command: "all",
          roles: ["app_tenant"],
          using:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
          check:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
        },
        {
          name: "jwt_blacklist_tenant",
          permissive: true,
          command: "all",
          roles: ["app_tenant"],
          using:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
          check:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
        },
      ],
      grants: {
        app_tenant: ["select", "insert"],
        app_admin: ["select", "insert", "update", "delete"],
      },
      audit: true,
      auditLog: false,
      secret: [],
      exceptions: [],
    },
    refresh_tokens: {
      schema: "public",
      name: "refresh_tokens",
      kind: "tenant",
      reason: null,
      tenantColumn: {
        name: "creator_id",
        type: "uuid",
      },
      commands: ["select", "insert", "update", "delete"],
      policies: [
        {
          name: "refresh_tokens_admin",
          permissive: true,
          command: "all",
          roles: ["app_admin"],
          using: "true",
          check: "true",
        },
        {
          name: "refresh_tokens_floor",
          permissive: false,
          command: "all",
          roles: ["app_tenant"],
          using:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
          check:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
        },
        {
          name: "refresh_tokens_tenant",
          permissive: true,
          command: "all",
          roles: ["app_tenant"],
          using:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
          check:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
        },
      ],
      grants: {
        app_tenant: ["select", "insert", "update", "delete"],
        app_admin: ["select", "insert", "update", "delete"],
      },
      audit: true,
      auditLog: false,
      secret: ["token_hash"],
      exceptions: [
        {
          rule: "key-not-tenant-leading",
          subject: "refresh_tokens_token_hash_key",
          reason:
            "A token is presented before its creator is known, so its hash must name one row in the whole database; only who holds the token, which is random, can ask whether its hash is taken.",
        },
      ],
    },
    token_cutoffs: {
      schema: "public",
      name: "token_cutoffs",
      kind: "tenant",
      reason: null,
      tenantColumn: {
        name: "creator_id",
        type: "uuid",
      },
      commands: ["select", "insert"],
      policies: [
        {
          name: "token_cutoffs_admin",
          permissive: true,
          command: "all",
          roles: ["app_admin"],
          using: "true",
          check: "true",
        },
        {
          name: "token_cutoffs_floor",
          permissive: false,
          command: "all",
          roles: ["app_tenant"],
          using:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
          check:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
        },
        {
          name: "token_cutoffs_tenant",
          permissive: true,
          command: "all",
          roles: ["app_tenant"],
          using:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
          check:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
        },
      ],
      grants: {
        app_tenant: ["select", "insert"],
        app_admin: ["select", "insert", "update", "delete"],
      },
      audit: true,
      auditLog: false,
      secret: [],
      exceptions: [],
    },
    widget_configurations: {
      schema: "public",
      name: "widget_configurations",
      kind: "tenant",
      reason: null,
      tenantColumn: {
        name: "creator_id",
        type: "uuid",
      },
      commands: ["select", "insert", "update", "delete"],
      policies: [
        {
          name: "widget_configurations_admin",
          permissive: true,
          command: "all",
          roles: ["app_admin"],
          using: "true",
          check: "true",
        },
        {
          name: "widget_configurations_floor",
          permissive: false,
          command: "all",
          roles: ["app_tenant"],
          using:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
          check:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
        },
        {
          name: "widget_configurations_tenant",
          permissive: true,
          command: "all",
          roles: ["app_tenant"],
          using:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
          check:
            "\"creator_id\" = (select cast(nullif(current_setting('app.creator_id', true), '') as uuid))",
        },
      ],
      grants: {
        app_tenant: ["select", "insert", "update", "delete"],
        app_admin: ["select", "insert", "update", "delete"],
      },
      audit: true,
      auditLog: false,
      secret: [],
      exceptions: [],
    },
  },
  doors: {
    find_creator_by_email: {
      table: "creators",
      by: ["email"],
      normalize: "lower",
      returns: ["id", "password_hash", "status"],
      to: "app_tenant",
      reason: "An address signs in before the creator is known.",
    },
    find_refresh_token_by_hash: {
      table: "refresh_tokens",
      by: ["token_hash"],
      normalize: null,
      returns: ["creator_id", "id", "family_id", "expires_at", "revoked_at", "revoked_reason", "replaced_by"],
      to: "app_tenant",
      reason: "A refresh token is presented before its creator is known.",
    },
    is_token_revoked: {
      table: "jwt_blacklist",
      by: ["creator_id", "jti"],
      normalize: null,
      returns: null,
      to: "app_tenant",
      reason: "A token is checked before its creator's context is opened; the answer is yes or no.",
    },
  },
} as const;

/** The type of {@link manifest}. */
export type Manifest = typeof manifest;
