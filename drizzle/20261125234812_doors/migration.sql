-- tenantry: what the statements below need
create schema if not exists "tenantry_doors";
-- tenantry: end
--> statement-breakpoint
DROP INDEX "jwt_blacklist_jti_idx";
--> statement-breakpoint
DROP INDEX "refresh_tokens_token_hash_idx";
--> statement-breakpoint
-- tenantry: completion, what drizzle-kit cannot write
grant usage on schema "public" to "app_door";
--> statement-breakpoint
create policy "creators_door" on "public"."creators" as permissive for select to "app_door" using (true);
--> statement-breakpoint
create policy "jwt_blacklist_door" on "public"."jwt_blacklist" as permissive for select to "app_door" using (true);
--> statement-breakpoint
create policy "refresh_tokens_door" on "public"."refresh_tokens" as permissive for select to "app_door" using (true);
--> statement-breakpoint
alter table "public"."refresh_tokens" add constraint "refresh_tokens_token_hash_key" exclude using btree ("token_hash" with =);
--> statement-breakpoint
grant usage on schema "tenantry_doors" to "app_tenant";
--> statement-breakpoint
grant select ("email") on "public"."creators" to "app_door";
--> statement-breakpoint
grant select ("id") on "public"."creators" to "app_door";
--> statement-breakpoint
grant select ("password_hash") on "public"."creators" to "app_door";
--> statement-breakpoint
grant select ("status") on "public"."creators" to "app_door";
--> statement-breakpoint
grant select ("token_hash") on "public"."refresh_tokens" to "app_door";
--> statement-breakpoint
grant select ("creator_id") on "public"."refresh_tokens" to "app_door";
--> statement-breakpoint
grant select ("id") on "public"."refresh_tokens" to "app_door";
--> statement-breakpoint
grant select ("family_id") on "public"."refresh_tokens" to "app_door";
--> statement-breakpoint
grant select ("expires_at") on "public"."refresh_tokens" to "app_door";
--> statement-breakpoint
grant select ("revoked_at") on "public"."refresh_tokens" to "app_door";
--> statement-breakpoint
grant select ("revoked_reason") on "public"."refresh_tokens" to "app_door";
--> statement-breakpoint
grant select ("replaced_by") on "public"."refresh_tokens" to "app_door";
--> statement-breakpoint
grant select ("creator_id") on "public"."jwt_blacklist" to "app_door";
--> statement-breakpoint
grant select ("jti") on "public"."jwt_blacklist" to "app_door";
--> statement-breakpoint
create or replace function "tenantry_doors"."find_creator_by_email"(text) returns table ("id" uuid, "password_hash" text, "status" "public"."creator_status")
  language sql stable strict security definer rows 1 set search_path = pg_catalog, pg_temp
  as $body$
    select found."id", found."password_hash", found."status"
      from "public"."creators" as found
      where pg_catalog.lower(found."email") operator(pg_catalog.=) pg_catalog.lower($1)
      limit 1
  $body$;
--> statement-breakpoint
revoke all on function "tenantry_doors"."find_creator_by_email"(text) from public;
--> statement-breakpoint
grant execute on function "tenantry_doors"."find_creator_by_email"(text) to "app_tenant";
--> statement-breakpoint
do $body$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = current_user and rolsuper) then
    if not pg_catalog.pg_has_role(current_user, 'app_door',
      case when cast(pg_catalog.current_setting('server_version_num') as int) >= 160000 then 'set' else 'member' end) then
      execute pg_catalog.format('grant %I to %I', 'app_door', current_user);
      perform pg_catalog.set_config('tenantry.door_joined', 'yes', false);
    end if;
    execute pg_catalog.format('grant create on schema %I to %I', 'tenantry_doors', 'app_door');
  end if;
end
$body$;
--> statement-breakpoint
alter function "tenantry_doors"."find_creator_by_email"(text) owner to "app_door";
--> statement-breakpoint
do $body$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = current_user and rolsuper) then
    execute pg_catalog.format('revoke create on schema %I from %I', 'tenantry_doors', 'app_door');
    if pg_catalog.current_setting('tenantry.door_joined', true) = 'yes' then
      perform pg_catalog.set_config('tenantry.door_joined', '', false);
      execute pg_catalog.format('revoke %I from %I', 'app_door', current_user);
    end if;
  end if;
end
$body$;
--> statement-breakpoint
create or replace function "tenantry_doors"."find_refresh_token_by_hash"(text) returns table ("creator_id" uuid, "id" uuid, "family_id" uuid, "expires_at" timestamp with time zone, "revoked_at" timestamp with time zone, "revoked_reason" "public"."refresh_token_revocation", "replaced_by" uuid)
  language sql stable strict security definer rows 1 set search_path = pg_catalog, pg_temp
  as $body$
    select found."creator_id", found."id", found."family_id", found."expires_at", found."revoked_at", found."revoked_reason", found."replaced_by"
      from "public"."refresh_tokens" as found
      where found."token_hash" operator(pg_catalog.=) $1
      limit 1
  $body$;
--> statement-breakpoint
revoke all on function "tenantry_doors"."find_refresh_token_by_hash"(text) from public;
--> statement-breakpoint
grant execute on function "tenantry_doors"."find_refresh_token_by_hash"(text) to "app_tenant";
--> statement-breakpoint
do $body$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = current_user and rolsuper) then
    if not pg_catalog.pg_has_role(current_user, 'app_door',
      case when cast(pg_catalog.current_setting('server_version_num') as int) >= 160000 then 'set' else 'member' end) then
      execute pg_catalog.format('grant %I to %I', 'app_door', current_user);
      perform pg_catalog.set_config('tenantry.door_joined', 'yes', false);
    end if;
    execute pg_catalog.format('grant create on schema %I to %I', 'tenantry_doors', 'app_door');
  end if;
end
$body$;
--> statement-breakpoint
alter function "tenantry_doors"."find_refresh_token_by_hash"(text) owner to "app_door";
--> statement-breakpoint
do $body$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = current_user and rolsuper) then
    execute pg_catalog.format('revoke create on schema %I from %I', 'tenantry_doors', 'app_door');
    if pg_catalog.current_setting('tenantry.door_joined', true) = 'yes' then
      perform pg_catalog.set_config('tenantry.door_joined', '', false);
      execute pg_catalog.format('revoke %I from %I', 'app_door', current_user);
    end if;
  end if;
end
$body$;
--> statement-breakpoint
create or replace function "tenantry_doors"."is_token_revoked"(uuid, text) returns boolean
  language sql stable strict security definer set search_path = pg_catalog, pg_temp
  as $body$
    select exists (
      select from "public"."jwt_blacklist" as found
      where found."creator_id" operator(pg_catalog.=) $1 and found."jti" operator(pg_catalog.=) $2
    )
  $body$;
--> statement-breakpoint
revoke all on function "tenantry_doors"."is_token_revoked"(uuid, text) from public;
--> statement-breakpoint
grant execute on function "tenantry_doors"."is_token_revoked"(uuid, text) to "app_tenant";
--> statement-breakpoint
do $body$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = current_user and rolsuper) then
    if not pg_catalog.pg_has_role(current_user, 'app_door',
      case when cast(pg_catalog.current_setting('server_version_num') as int) >= 160000 then 'set' else 'member' end) then
      execute pg_catalog.format('grant %I to %I', 'app_door', current_user);
      perform pg_catalog.set_config('tenantry.door_joined', 'yes', false);
    end if;
    execute pg_catalog.format('grant create on schema %I to %I', 'tenantry_doors', 'app_door');
  end if;
end
$body$;
--> statement-breakpoint
alter function "tenantry_doors"."is_token_revoked"(uuid, text) owner to "app_door";
--> statement-breakpoint
do $body$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = current_user and rolsuper) then
    execute pg_catalog.format('revoke create on schema %I from %I', 'tenantry_doors', 'app_door');
    if pg_catalog.current_setting('tenantry.door_joined', true) = 'yes' then
      perform pg_catalog.set_config('tenantry.door_joined', '', false);
      execute pg_catalog.format('revoke %I from %I', 'app_door', current_user);
    end if;
  end if;
end
$body$;
-- tenantry: end
