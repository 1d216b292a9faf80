// Asks DuckDB the questions of questions.sql and prints, by question: seconds and processor seconds of
// each round, and the rows of the answer. The database is open and two threads are there before the
// clock starts. With a CSV of members in place of ROUNDS it makes the tables that questions need.
// Usage: node questions.mjs PACKAGES DATABASE SQL ROUNDS|MEMBERS [QUESTION…]
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [packages, database, sql, rounds, ...wanted] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(packages + '/')('@duckdb/node-api');
const preparing = !/^[0-9]+$/.test(rounds);
const instance = await DuckDBInstance.create(database, {
    threads: '2', access_mode: preparing ? 'READ_WRITE' : 'READ_ONLY',
});
const db = await instance.connect();

const parts = readFileSync(sql, 'utf8').split(/^-- === (\w+)$/m).slice(1);
if (preparing) {
    await db.run(parts[parts.indexOf('prepare') + 1].replace('$MEMBERS', rounds));
    process.exit(0);
}
const answers = {};
for (let i = 0; i < parts.length; i += 2) {
    if (parts[i] === 'prepare' || (wanted.length && !wanted.includes(parts[i]))) continue;
    const answer = { seconds: [], cpu: [] };
    for (let round = 0; round < Number(rounds); round++) {
        const began = performance.now();
        const before = process.cpuUsage();
        const result = await db.runAndReadAll(parts[i + 1]);
        answer.seconds.push((performance.now() - began) / 1e3);
        const cpu = process.cpuUsage(before);
        answer.cpu.push((cpu.user + cpu.system) / 1e6);
        answer.rows = result.getRowObjects();
    }
    answers[parts[i]] = answer;
}
const plain = (key, value) => (typeof value === 'bigint' ? Number(value) : value);
console.log(JSON.stringify(answers, plain));
