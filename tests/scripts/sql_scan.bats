#!/usr/bin/env bats
# sql-scan: what it says of migration files.

# shellcheck disable=SC2016 # $ of jq and of SQL
setup() {
    scan=${SQL_SCAN:-$BATS_TEST_DIRNAME/../../build/release/bin/sql-scan}
    cd "$BATS_TEST_TMPDIR" || return
}

# lines FILTER: the scan of one.sql, read from stdin, through jq
lines() {
    cat >one.sql
    "$scan" one.sql >out.json || true
    jq -rc "$1" out.json
}

equals() {
    [ "$1" = "$2" ] || { diff -U 0 --label have --label want <(printf '%s\n' "$1") <(printf '%s\n' "$2") >&2; return 1; }
}

@test "statements are found with their bytes and lines, whatever they hold" {
    cat >one.sql <<'SQL'
-- A café; not a statement.
-- migrate:up scope:tenant
select 'é;'; /* one /* nested; */ ; */ create function f() returns int language plpgsql as $f$
begin
    return 1; -- migrate:down is only text
end $f$;

create function g() returns int begin atomic select 1; select 2; end;
create rule r as on insert to t do also (insert into u values (1); insert into u values (2));
select E'it\'s; fine', U&'d\0061t;', $$;$$
-- migrate:down scope:tenant
drop table "t;";
SQL
    "$scan" one.sql >out.json
    equals "$(jq -r '[.section, .statement, .line, .kind] | join(" ")' out.json)" \
'up 1 3 SelectStmt
up 2 3 CreateFunctionStmt
up 3 8 CreateFunctionStmt
up 4 9 RuleStmt
up 5 10 SelectStmt
down 1 12 DropStmt'
    # The bytes are the file's own.
    equals "$(jq -r '[.offset, .length] | join(" ")' out.json | while read -r offset length; do tail -c "+$((offset + 1))" one.sql | head -c "$length" | sed -n 1p; echo; done | sed '/^$/d')" \
'select '"'é;'"'
create function f() returns int language plpgsql as $f$
create function g() returns int begin atomic select 1; select 2; end
create rule r as on insert to t do also (insert into u values (1); insert into u values (2))
select E'"'it\\'s; fine'"', U&'"'d\\0061t;'"', $$;$$
drop table "t;"'
}

@test "sections have a name, a scope and a transaction; comments before them are fine" {
    equals "$(lines '[.section, .scope, .transaction] | join(" ")' <<'SQL'
-- Why.
-- migrate:up
select 1;
-- migrate:up scope:tenant transaction:false
select 2;
-- migrate:verify scope:public
select 3;
SQL
)" 'up public true
up tenant false
verify public true'
}

@test "a file without sections goes up, in the default scope" {
    echo 'create table t (id int);' >one.sql
    equals "$("$scan" one.sql | jq -r '[.section, .scope] | join(" ")')" 'up public'
    equals "$("$scan" --default-scope tenant one.sql | jq -r '[.section, .scope] | join(" ")')" 'up tenant'
}

@test "what is wrong with a file is said with its line" {
    fault() { # LINE WORDS; the file on stdin
        cat >one.sql
        run "$scan" one.sql
        equals "$status" 1
        jq -se --argjson line "$1" --arg words "$2" 'any(.[]; .line == $line and (.refused // "" | startswith($words)))' <<<"$output" >/dev/null || { echo "$output" >&2; return 1; }
    }
    fault 2 'unknown option scop:tenant' <<<'-- A change
-- migrate:up scop:tenant'
    fault 1 'unknown section migrate:upp' <<<'-- migrate:upp'
    fault 2 'a second section migrate:up scope:public' <<<'-- migrate:up
-- migrate:up scope:public'
    fault 1 'SQL before the first section' <<<'select 1;
-- migrate:up'
    fault 3 'does not parse: syntax error at or near "tabel"' <<<'-- migrate:up
select 1;
create tabel x ();'
    fault 2 'a command of psql' <<<'-- migrate:up
\! id'
    fault 2 'transaction control' <<<'-- migrate:up
rollback;'
    fault 1 'holds a NUL byte' < <(printf 'select 1;\0')
}

@test "targets are what is changed, not what is read" {
    equals "$(lines '[.targets[] | [.schema, .name] | map(select(. != "")) | join(".")] | join(" ")' <<'SQL'
select * from a join s.b on true;
insert into c select * from d;
with x as (update s.e set i = 1 returning *), y as (delete from f using g returning 1) merge into h using x on true when matched then do nothing;
alter table i add constraint k foreign key (x) references l (y);
drop table s.m, n; drop trigger o on s.p; drop function s.q(int);
comment on column s.r.t is 'x';
create trigger u before insert on v execute function w();
create view s.aa as select * from bb;
select * into cc from dd;
create type s.ee as enum ('x');
grant select on ff to gg;
truncate hh, s.ii;
rename_me();
SQL
)" ''
    equals "$(sed -i '/rename_me/d' one.sql; "$scan" one.sql | jq -r '[.targets[] | [.schema, .name] | map(select(. != "")) | join(".")] | join(" ")')" \
'
c
h s.e f
i
s.m n
s.p
s.q
s.r
v
s.aa
cc
s.ee
ff
hh s.ii'
}

@test "statements that need to be outside of a transaction are known" {
    equals "$(lines 'select(.flags | index("no-transaction")) | .line' <<'SQL' | paste -sd ' '
create index concurrently i on t (a);
create index i on t (a);
drop index concurrently i;
drop index i;
reindex table concurrently t;
reindex (concurrently) index i;
reindex table t;
vacuum t;
analyze t;
alter table t detach partition p concurrently;
alter table t detach partition p;
refresh materialized view concurrently m;
create database d;
alter system set work_mem = '1MB';
cluster;
cluster t;
alter type y add value 'z';
alter type y add value 'used';
select 'used'::y;
SQL
)" '1 3 5 6 8 10 13 14 15 18'
}

@test "the name of an index that is built concurrently is told" {
    equals "$(lines '.index // "none"' <<<'create index concurrently i on t (a); create index j on t (a);' | paste -sd ' ')" 'i none'
}

@test "the normalised text forgets comments and white space, not what is in quotes" {
    printf -- '-- migrate:up scope:tenant\nselect   1, /* x */ $$ a  b $$; -- y\n' >m.sql
    into a m.sql
    equals "$(sed 's/[0-9a-f]\{64\}/HASH/g' a/normalised)" "$(printf 'm\tHASH\tHASH\tHASH')"
    printf -- '-- migrate:up scope:tenant   \nselect 1,\n\t$$ a  b $$;' >m.sql
    into b m.sql
    cmp a/normalised b/normalised
    printf -- '-- migrate:up scope:tenant\nselect 1, $$ a b $$;\n' >m.sql
    into c m.sql
    run cmp a/normalised c/normalised
    [ "$status" = 1 ]
    printf -- '-- migrate:up scope:public\nselect 1, $$ a  b $$;\n' >m.sql
    into c m.sql
    run cmp a/normalised c/normalised
    [ "$status" = 1 ]
}

# into FOLDER ARGUMENT…: what scripts/migrate reads
into() {
    mkdir -p "$1"
    "$scan" --into "$@"
}

@test "a folder's migrations come in the order of their names, with their hashes, the scopes of their up sections, and their way back" {
    mkdir -p 'it'"'"'s/3_prisma' 'it'"'"'s/4_marked' 'it'"'"'s/5_empty' more
    cd "it's" || return
    printf -- '-- migrate:up\nselect 1;\n-- migrate:up scope:tenant\nselect 2;\n' >2_b.sql
    printf '\357\273\277-- migrate:up scope:tenant\r\nselect 1;\r\n' >10_a.sql
    echo 'select 1;' | tee 3_prisma/migration.sql 4_marked/down.sql not.sql 6_other.txt >/dev/null
    printf 'drop table t;\nselect 1;\n' >3_prisma/down.sql
    printf -- '-- migrate:up scope:tenant\nselect 1;\n' >4_marked/migration.sql
    echo 'select 1;' >../more/25_lost.sql
    ln -s nowhere 7_link.sql
    cd "$BATS_TEST_TMPDIR" || return
    into out --folder "it's" more/25_lost.sql
    equals "$(tr '\t' ' ' <out/timeline)" "10_a it's/10_a.sql $(sha256sum <"it's/10_a.sql" | cut -c 1-64) f t -
25_lost more/25_lost.sql $(sha256sum <more/25_lost.sql | cut -c 1-64) t f -
2_b it's/2_b.sql $(sha256sum <"it's/2_b.sql" | cut -c 1-64) t t -
3_prisma it's/3_prisma/migration.sql $(sha256sum <"it's/3_prisma/migration.sql" | cut -c 1-64) t f it's/3_prisma/down.sql
4_marked it's/4_marked/migration.sql $(sha256sum <"it's/4_marked/migration.sql" | cut -c 1-64) f t -"
    equals "$(cut -f 1,2,3,5-9 out/scan | tr '\t' ' ')" "it's/10_a.sql up tenant 1 31 8 2 SelectStmt
more/25_lost.sql up public 1 0 8 1 SelectStmt
it's/2_b.sql up public 1 14 8 2 SelectStmt
it's/2_b.sql up tenant 1 51 8 4 SelectStmt
it's/3_prisma/migration.sql up public 1 0 8 1 SelectStmt
it's/3_prisma/migration.sql down public 1 0 12 1 DropStmt
it's/3_prisma/migration.sql down public 2 14 8 2 SelectStmt
it's/4_marked/migration.sql up tenant 1 27 8 2 SelectStmt"
    equals "$(cut -f 1 out/normalised | paste -sd ' ')" '10_a 25_lost 2_b 3_prisma 4_marked'
    # A hash for each scope, which are that of the whole where there are no sections.
    equals "$(awk -F '\t' '{ print ($2 == $3), ($3 == $4), ($2 == $4) }' out/normalised)" $'0 0 0\n1 1 1\n0 0 0\n1 1 1\n0 0 0'
    cp -r "it's" again
    sed -i '4s/$/ -- said/; 4s/^/select 5; /' again/2_b.sql
    into other --folder again
    equals "$(join -t "$(printf '\t')" out/normalised other/normalised | awk -F '\t' '$1 == "2_b" { print ($2 == $5), ($3 == $6), ($4 == $7) }')" '1 0 0'
    mv "it's/2_b.sql" "it's/2_b's \"b\".sql"
    into out --folder "it's"
    equals "$(sed 's/[0-9a-f]\{64\}/HASH/g' out/manifest.psql)" "$(cat <<'PSQL'
\set m_manifest '{"10_a":"HASH","2_b''s \\"b\\"":"HASH","3_prisma":"HASH","4_marked":"HASH"}'
PSQL
)"
    # What is refused of a down.sql is told where it stands.
    printf 'select 1;\ncommit;\n' >"it's/3_prisma/down.sql"
    run into out --folder "it's"
    [ "$status" = 1 ]
    equals "$(awk -F '\t' '$11 != "-" { print $1, $8 }' out/scan)" "it's/3_prisma/down.sql 2"
    printf -- '-- migrate:up\nselect 1;\n' >"it's/3_prisma/down.sql"
    run into out --folder "it's"
    [ "$status" = 1 ]
    grep -q "^it's/3_prisma/down.sql	-.*an up section in what is the way back" out/scan
    mkdir empty
    into out --folder empty
    equals "$(cat out/timeline out/scan out/normalised)" ''
    echo 'select 1;' >"it's/3_prisma.sql"
    run into out --folder "it's"
    equals "$status $output" '3 two files have the name 3_prisma'
    mv "it's/3_prisma.sql" "it's/8_a\\b.sql"
    run into out --folder "it's"
    equals "$status $output" '2 a file name has a backslash, a tab or another control character in it'
    mv "it's/8_a\\b.sql" "it's/8_$(printf 'x%.0s' $(seq 199)).sql"
    run into out --folder "it's"
    [ "$status" = 2 ]
    [[ $output = 8_xxx*' is longer than 200 bytes' ]]
    run into out --folder nowhere
    equals "$status $output" '2 nothing can be read: No such file or directory'
}

@test "names with quotes and backslashes come out as JSON, tabs do not break the columns" {
    equals "$(lines '.targets[0].name' <<<'drop table "we""ird\	name";')" 'we"ird\	name'
    into out one.sql
    equals "$(awk -F '\t' '{ print NF, $12 }' out/scan)" '15 we"ird\ name'
}

@test "exit codes: 0 fine, 1 refused, 2 wrong use or unreadable, 4 not writable" {
    echo 'select 1;' >one.sql
    run "$scan" one.sql
    [ "$status" = 0 ]
    echo 'commit;' >two.sql
    run "$scan" one.sql two.sql
    [ "$status" = 1 ]
    for wrong in '' '--what one.sql' '--default-scope both one.sql' 'no_such.sql' '--folder'; do
        # shellcheck disable=SC2086
        run "$scan" $wrong
        [ "$status" = 2 ] || { echo "$wrong: $status" >&2; return 1; }
    done
    run "$scan" --into no_such_folder one.sql
    [ "$status" = 4 ]
    run "$scan" --help
    [ "$status" = 0 ]
}

@test "a statement as deep as the server allows, and a file of a megabyte, do no harm" {
    { printf 'select '; printf '(%.0s' $(seq 3000); printf 1; printf ')%.0s' $(seq 3000); printf ';\n'; } >one.sql
    run "$scan" one.sql
    [ "$status" = 0 ] || [ "$status" = 1 ]
    for i in $(seq 20000); do echo "insert into t values ($i, 'a row of some length');"; done >one.sql
    into out one.sql
    equals "$(wc -l <out/scan)" 20000
}

# facts SCOPE [ARGUMENT…]: what must hold after one.sql, read from stdin, in words
facts() {
    cat >one.sql
    "$scan" --facts "$@" one.sql | jq -r 'select(.says) | .says'
}

@test "facts: a table's columns, constraints with the names that the server would choose, indexes, rows" {
    equals "$(facts public <<'SQL'
create table pets (id serial primary key, owner int not null references people, kind varchar(10) default 'cat' check (kind <> ''), price numeric(8), seen timestamptz(3)[], n bigint generated always as identity, unique (kind, owner), check (price > 0 and owner > 0));
create unique index on pets (lower(kind), price);
insert into pets (id, kind) values (1, 'cat'), (-2, null);
insert into pets (id, kind) values (3, upper('x')) on conflict (id) do nothing;
SQL
)" 'table pets
column pets.id integer not null with a default
column pets.owner integer not null
column pets.kind varchar(10) with a default
column pets.price numeric(8,0)
column pets.seen timestamptz(3)[]
column pets.n bigint not null identity
primary key (id) of pets
foreign key pets (owner) to people
check (kind) of pets
unique (kind, owner) of pets
check (price, owner) of pets
unique index on pets (an expression, price)
2 rows of pets
1 row of pets (id = 3)'
    equals "$("$scan" --facts public one.sql | jq -r 'select(.fact == "constraint" or .fact == "index") | .name' | paste -sd ' ')" \
        'pets_pkey pets_owner_fkey pets_kind_check pets_kind_owner_key pets_check pets_expr_price_idx'
    equals "$("$scan" --facts public one.sql | jq -c 'select(.fact == "rows") | .wants | [.columns, .values]')" \
        '[["id","kind"],[["1","cat"],["-2",null]]]
[["id"],[["3"]]]'
}

@test "facts: later statements undo what earlier ones said, in the file and across files" {
    equals "$(facts public <<'SQL'
create table a (x int, y text not null default '');
alter table a rename x to z;
alter table a alter z type bigint, alter y drop not null, alter y drop default;
create index i on a (z);
create type mood as enum ('sad', 'ok');
alter type mood rename value 'sad' to 'blue';
create table gone (id int primary key);
create table b (gone_id int references gone);
insert into a values (1, 'x');
update a set y = 'z';
drop table gone cascade;
alter table a rename to c;
drop index i;
SQL
)" 'column c.z null allowed
column c.y text
column c.z
no column c.x
column c.z bigint
column c.y null allowed without a default
type mood
value '"'ok'"' of mood
value '"'blue'"' of mood
table b
column b.gone_id integer
no gone
table c
no a
no index i'
}

@test "facts: what takes the place of something dropped is no contradiction" {
    equals "$(facts public <<'SQL'
create table t (a int);
drop index t_a_key;
alter table t add constraint t_a_key unique (a);
create trigger on_t before insert on t for each row execute function f();
alter table t disable trigger on_t;
create index only_parent on only t (a);
drop view v;
create table v (b int);
drop table v;
create view v as select 1;
SQL
)" 'table t
column t.a integer
constraint t_a_key: unique (a) of t
view v'
}

@test "facts: of one migration, in its place among others; of one scope; a thing that was there before is none of its own" {
    printf -- '-- migrate:up scope:tenant\ncreate table t (id int);\n' >1_a.sql
    printf -- '-- migrate:up scope:tenant\ncreate table if not exists t (id int, more int);\nalter table t add column if not exists id int, add column b text not null;\n-- migrate:up scope:public\ncreate table p (id int);\n' >2_b.sql
    printf -- '-- migrate:up scope:tenant\nalter table t alter column b type varchar(3);\n-- migrate:verify scope:tenant\nselect b from t;\n' >3_c.sql
    printf -- '-- migrate:up scope:tenant\nalter table t drop column b;\n' >4_d.sql
    says() { "$scan" --facts "$@" | jq -r '.says // (.fact + " " + (.supersededBy // "-"))'; }
    equals "$(says tenant --only 2_b 1_a.sql 2_b.sql)" 'column t.b text not null'
    equals "$(says tenant --only 2_b 1_a.sql 2_b.sql 3_c.sql)" 'column t.b not null'
    equals "$(says tenant --only 2_b 1_a.sql 2_b.sql 3_c.sql 4_d.sql)" ''
    equals "$(says tenant --only 3_c 1_a.sql 2_b.sql 3_c.sql 4_d.sql)" 'verify 4_d'
    equals "$(says public --only 2_b 1_a.sql 2_b.sql)" 'table p
column p.id integer'
    run "$scan" --facts both 1_a.sql
    [ "$status" = 2 ]
}

@test "facts: what leaves nothing to look at is named, and what dynamic SQL may have changed is in doubt" {
    cat >one.sql <<'SQL'
create table t (id int, a text);
create table u (id int);
update t set a = 'x';
insert into t select 1, 'x';
select setval('s', 1);
select 1;
do $$ begin execute 'alter table t drop column a'; end $$;
with w as (delete from u returning id) insert into t select id from w;
grant select on t to public;
SQL
    equals "$("$scan" --facts public one.sql | jq -r 'select(.fact == "unseen") | "\(.line) \(.kind)"' | paste -sd ' ')" '3 UpdateStmt 4 InsertStmt 5 SelectStmt 7 DoStmt 8 InsertStmt'
    equals "$("$scan" --facts public one.sql | jq -r 'select(.doubt) | .says' | paste -sd ' ')" 'table t column t.id integer column t.a text'
    echo 'create tabel x;' >two.sql
    equals "$("$scan" --facts public one.sql two.sql | jq -r 'select(.fact == "unread") | "\(.migration) \(.line)"')" 'two 1'
}

@test "facts: chosen names are cut to 63 bytes, at a character, and numbered when taken" {
    long=$(printf 'é%.0s' $(seq 31))
    equals "$(cat >one.sql <<<"create table \"$long\" (a int check (a > 0) check (a < 9), b int references x, unique (a, b));"
        "$scan" --facts public one.sql | jq -r 'select(.fact == "constraint") | .name' | while read -r name; do printf '%s %s\n' "$(printf %s "$name" | wc -c)" "${name#"${name%%_*}"}"; done)" \
        '62 _a_check
63 _a_check1
63 _b_fkey
62 _a_b_key'
}

@test "what a statement would lose is told, and what it would lock" {
    equals "$(lines '[.line, (.losses | join(" "))] | join(" ")' <<'SQL'
drop table a, s.b;
alter table c drop column d, drop column if exists e, add column f int;
truncate g, h;
delete from i where false;
with w as (delete from j returning 1) select 1;
drop schema k cascade;
drop index l;
drop view m;
SQL
)" '1 table:a table:b
2 column:c.d column:c.e
3 rows:g rows:h
4 rows:i
5 rows:j
6 schema:k
7 
8 '
    equals "$(lines '.warnings[]' <<'SQL' | sed 's/:.*//' | sort | uniq -c | sort -rn | sed 's/^ *//'
create table mine (id int);
create index on mine (id);
alter table mine add column b int not null;
create index on other (id);
create index concurrently if not exists i on other (id);
alter table other add column b int not null, add column c serial not null, add column d int not null default 0;
alter table other add constraint k foreign key (b) references mine (id) not valid;
alter table other validate constraint k;
SQL
)" '1 takes ACCESS EXCLUSIVE on other
1 column b is NOT NULL without a DEFAULT
1 IF NOT EXISTS leaves what is there as it is, right or wrong
1 CREATE INDEX blocks writes to other until it is built'
}
