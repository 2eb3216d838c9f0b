#!/bin/bash
# Run once by the PostgreSQL image, when its data is made: the login of the services, and the migrator.
# Neither is a superuser. The passwords come from the environment and are not part of any command line.
set -euo pipefail

psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv migrator_password MIGRATOR_PASSWORD
\getenv service_password SERVICE_PASSWORD
-- The migrator makes the third role of the tenancy. It works by the policies of app_admin, and must not be in app_tenant,
-- whose floor would bind it.
create role app_tenant;
create role app_admin;
create role migrator login createrole password :'migrator_password' in role app_admin;
select format('alter database %I owner to migrator', current_database()) \gexec
alter schema public owner to migrator;
create role auth_service login password :'service_password' in role app_tenant;
SQL
