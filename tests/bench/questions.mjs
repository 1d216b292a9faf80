// Asks DuckDB the question of questions.sql that each line of standard input names, and answers with a
// line: seconds and processor seconds, and the rows. The database is open and two threads are there
// before the clock starts. With a CSV of members it makes the tables that questions need instead.
// Usage: node questions.mjs PACKAGES DATABASE SQL [MEMBERS]
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const [packages, database, sql, members] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(packages + '/')('@duckdb/node-api');
const instance = await DuckDBInstance.create(database, {
    threads: '2', access_mode: members ? 'READ_WRITE' : 'READ_ONLY',
});
const db = await instance.connect();

const parts = readFileSync(sql, 'utf8').split(/^-- === (\w+)$/m).slice(1);
if (members) {
    await db.run(parts[parts.indexOf('prepare') + 1].replace('$MEMBERS', members));
    process.exit(0);
}
const plain = (key, value) => (typeof value === 'bigint' ? Number(value) : value);
for await (const question of createInterface({ input: process.stdin })) {
    const began = performance.now();
    const before = process.cpuUsage();
    const result = await db.runAndReadAll(parts[parts.indexOf(question) + 1]);
    const seconds = (performance.now() - began) / 1e3;
    const cpu = process.cpuUsage(before);
    console.log(JSON.stringify({
        seconds, cpu: (cpu.user + cpu.system) / 1e6, rows: result.getRowObjects(),
    }, plain));
}
