// The application's migrations: the first made its tables, the second adopts one.
import type { MigrationInterface, QueryRunner } from "typeorm";

export class Tables1700000000000 implements MigrationInterface {
    async up(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(
            `CREATE TABLE "issues" ("id" BIGSERIAL NOT NULL, "title" text NOT NULL, "priority" integer NOT NULL DEFAULT 3,
                CONSTRAINT "PK_9d8ecbbeff46229c700f0449257" PRIMARY KEY ("id"))`);
        await queryRunner.query(
            `CREATE TABLE "comments" ("id" BIGSERIAL NOT NULL, "body" text NOT NULL,
                CONSTRAINT "PK_8bf68bc960f2b69e818bdb90dcb" PRIMARY KEY ("id"))`);
    }

    async down(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(`DROP TABLE "comments"`);
        await queryRunner.query(`DROP TABLE "issues"`);
    }
}

// region migration
export class Workspace1700000000001 implements MigrationInterface {
    async up(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query("SELECT phasegate.create_workspace('flow', tickets => 'issues')");
    }

    async down(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query("SELECT phasegate.detach_workspace('flow', for_good => true)");
    }
}
// endregion
