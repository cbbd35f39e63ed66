// TypeORM makes tables, adopts one, and finds nothing to change afterwards; moves, refusals and history go through the entities.
import { strict as assert } from "node:assert";
import { DataSource, QueryFailedError } from "typeorm";
import { Comment, Issue, Move } from "./entities";
import { Tables1700000000000, Workspace1700000000001 } from "./migrations";

async function withSource(migrations: Function[], work: (source: DataSource) => Promise<void>): Promise<void> {
    const source = new DataSource({
        type: "postgres",
        host: process.env.PGHOST,
        port: Number(process.env.PGPORT),
        username: process.env.PGUSER,
        database: process.env.PGDATABASE,
        entities: [Issue, Move, Comment],
        migrations,
    });
    await source.initialize();
    try {
        await work(source);
    } finally {
        await source.destroy();
    }
}

async function main(): Promise<void> {
    await withSource([Tables1700000000000], async (source) => {
        await source.runMigrations();
        await source.query("INSERT INTO issues (title) VALUES ('Printer on fire'), ('Mail is late')");
    });
    await withSource([Tables1700000000000, Workspace1700000000001], async (source) => {
        await source.runMigrations();
        // What "typeorm schema:log" prints, and migration:generate would write down.
        const differences = (await source.driver.createSchemaBuilder().log()).upQueries.map((query) => query.query);
        assert.deepEqual(differences, []);

        const issues = source.getRepository(Issue);
        const [fire, mail] = await issues.find({ order: { id: "ASC" } });
        fire.phase = "PHASE_REQUIREMENTS";
        await issues.save(fire);
        // region refused
        fire.phase = "PHASE_DONE";
        const code = await issues.save(fire).then(
            () => undefined,
            (error) => (error instanceof QueryFailedError ? error.driverError.constraint : undefined));
        // endregion
        assert.equal(code, "invalid_transition");
        const again = await issues.findOneOrFail({ where: { id: fire.id }, relations: { history: true }, order: { history: { createdAt: "ASC" } } });
        assert.equal(again.phase, "PHASE_REQUIREMENTS");
        assert.deepEqual(again.history.map((move) => [move.toPhase, move.reason]), [["PHASE_BACKLOG", "adopted"], ["PHASE_REQUIREMENTS", null]]);
        assert.deepEqual((await issues.findBy({ phase: "PHASE_BACKLOG" })).map((issue) => issue.id), [mail.id]);
        await issues.save(issues.create({ title: "No dial tone" }));
        // As a test suite empties its tables.
        await source.query("TRUNCATE issues CASCADE");
        assert.equal(await source.getRepository(Move).count(), 0);
        await source.undoLastMigration();
        await source.runMigrations();
    });
}

main().catch((error) => {
    console.error(error);
    process.exitCode = 1;
});
