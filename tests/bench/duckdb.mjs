// Reads the benchmark's CSV into a DuckDB table sorted by member and time, as fast as we know how:
// types said beforehand (small vocabularies as ENUM, given for nothing), the newest storage version,
// two threads. Prints seconds, processor seconds, bytes of the checkpointed file, and what the table
// holds. Usage: node duckdb.mjs PACKAGES CSV DATABASE VALUES
import { readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';

const [packages, csv, database, values] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(packages + '/')('@duckdb/node-api');
const known = JSON.parse(readFileSync(values, 'utf8')).values;
const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
const enumeration = (name) =>
    known[name].length ? `ENUM(${known[name].map(quoted).join(', ')})` : 'VARCHAR';
const types = {
    time: 'TIMESTAMP',
    subject: 'VARCHAR',
    kind: enumeration('kind'),
    tenant: enumeration('tenant'),
    zone: enumeration('zone'),
    device: enumeration('device'),
    channel: enumeration('channel'),
    amount: 'DECIMAL(14,2)',
    campaign: enumeration('campaign'),
    ref: 'VARCHAR',
};
const columns = Object.entries(types).map(([name, type]) => `${name}: ${quoted(type)}`);

rmSync(database, { force: true });
const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
const db = await instance.connect();

// From here to the closed file: what `atrium import` is measured for, but without the start of node.
const began = performance.now();
const before = process.cpuUsage();
await db.run(`ATTACH ${quoted(database)} AS mall (STORAGE_VERSION 'latest')`);
await db.run(`CREATE TABLE mall.event AS
    SELECT * FROM read_csv(${quoted(csv)}, header = true, delim = ',', quote = '"',
                           columns = {${columns.join(', ')}})
    ORDER BY subject, time`);
await db.run('CHECKPOINT mall');
await db.run('DETACH mall');
const seconds = (performance.now() - began) / 1e3;
const cpu = process.cpuUsage(before);
const bytes = statSync(database).size;

await db.run(`ATTACH ${quoted(database)} AS mall (READ_ONLY)`);
const sums = await db.runAndReadAll(`
    SELECT count(*)::BIGINT, (sum(amount) * 100)::BIGINT,
           count(DISTINCT subject) FILTER (subject <> '-')::BIGINT FROM mall.event`);
const [rows, hundredths, people] = sums.getRows()[0].map(Number);
const version = (await db.runAndReadAll('SELECT version()')).getRows()[0][0];
console.log(JSON.stringify({
    version, seconds, cpu: (cpu.user + cpu.system) / 1e6, bytes, rows, hundredths, people,
}));
