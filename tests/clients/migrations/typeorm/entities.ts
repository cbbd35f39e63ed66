// The application's entities: its own table, and what it reads of phasegate's.
import "reflect-metadata";
import { Column, Entity, JoinColumn, ManyToOne, OneToMany, PrimaryColumn, PrimaryGeneratedColumn } from "typeorm";

// region entities
// With synchronize false TypeORM compares the table with nothing: it knows neither the phases' type, which is in another
// schema, nor triggers. From here on the table is changed by migrations that are written by hand.
@Entity("issues", { synchronize: false })
export class Issue {
    @PrimaryGeneratedColumn({ type: "bigint" })
    id!: string;

    @Column("text")
    title!: string;

    @Column("int", { default: 3 })
    priority!: number;

    // What adoption added, as far as the application reads it. TypeORM has to send no value of its own for them.
    @Column("text", { name: "phase_id", default: "PHASE_BACKLOG" })
    phase!: string;

    @Column({ type: "uuid", name: "ticket_uuid", insert: false, update: false, unique: true })
    ticketUuid!: string;

    @OneToMany(() => Move, (move) => move.issue)
    history!: Move[];
}

@Entity("phase_history", { schema: "flow", synchronize: false })
export class Move {
    @PrimaryColumn("uuid")
    id!: string;

    @ManyToOne(() => Issue, (issue) => issue.history)
    @JoinColumn({ name: "ticket_id", referencedColumnName: "ticketUuid" })
    issue!: Issue;

    @Column("text", { name: "to_phase" })
    toPhase!: string;

    @Column("text", { name: "transition_reason", nullable: true })
    reason!: string | null;

    @Column("timestamptz", { name: "created_at" })
    createdAt!: Date;
}
// endregion

@Entity("comments")
export class Comment {
    @PrimaryGeneratedColumn({ type: "bigint" })
    id!: string;

    @Column("text")
    body!: string;
}
