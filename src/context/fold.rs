//! Folding: what a phase produced becomes its block, and the block part of the ticket's context.

use super::bound;
use super::merge::{self, ArtifactRef, CompletedTask};
use super::statements::{EVIDENCE, HAS_EVIDENCE, KEEP_BLOCK, KEEP_BLOCKS};
use super::summary::summarize;
use crate::by_index::ByIndex;
use crate::clock;
use crate::json;
use crate::limits;
use crate::pg::error::Result;
use crate::pg::rows::Row;
use crate::pg::spi::{Sees, Session};
use crate::pg::value::Value as Sql;
use crate::phase::Phase;
use crate::settings;
use crate::workspace::{Configuration, Workspace};
use serde_json::{Value, json};
use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};
use uuid::Uuid;

/// The token budget of the summary that a transition stores.
pub const BUDGET: usize = 2000;

/// The artifacts that a move's history lists.
const LISTED: usize = 1000;

/// What is left of a ticket's context for blocks: without a summary, whose tokens may be long.
const BLOCKS: usize = limits::CONTEXT - 128 * BUDGET;

/// The room for a block that there is at least.
const LEAST_BLOCK: usize = 10_000;

/// A phase's block, as `phase_context` keeps it.
#[derive(Debug, Clone)]
pub struct Block {
    /// The block as JSON text.
    pub data: String,
    /// Its summary.
    pub summary: String,
}

/// What a ticket carries on after a phase was folded in.
#[derive(Debug, Clone)]
pub struct Folded {
    /// The ticket's context as JSON text.
    pub context: String,
    /// The summary for the phase entered.
    pub summary: String,
    /// The block of the phase left.
    pub block: Block,
}

/// What a phase has produced.
#[derive(Debug, Clone)]
pub struct Produced {
    /// Its block.
    pub block: Value,
    /// Its artifacts, as history keeps them: JSON text; nothing where there is none.
    pub artifacts: Option<String>,
}

/// The keys of the workspace's phase blocks, oldest phase first.
pub fn order(configuration: &Configuration) -> Vec<String> {
    let phases = &configuration.phases;
    phases
        .sequence()
        .map(|phase| phases.context_key(phase).to_owned())
        .collect()
}

thread_local! {
    /// Whether the phase that was looked at last had produced something.
    static IS_LIKELY: Cell<bool> = const { Cell::new(false) };
}

/// What the phase has produced, computed now, with the owner's rights; `None` where that is nothing.
pub fn block(
    workspace: &Workspace,
    configuration: &Configuration,
    ticket: Uuid,
    phase: Phase,
    sees: Sees,
) -> Result<Option<Produced>> {
    let _session = Session::open()?;
    let _by_index = ByIndex::only();
    let _owner = workspace.as_owner();
    let arguments = [Sql::Uuid(ticket), Sql::Oid(configuration.phases.oid(phase))];
    // Where the last look found something this one is likely to as well.
    if !IS_LIKELY.get() && !workspace.finds(&HAS_EVIDENCE, &arguments, sees)? {
        return Ok(None);
    }
    let rows = workspace.run(&EVIDENCE, &arguments, sees)?;
    IS_LIKELY.set(!rows.is_empty());
    if rows.is_empty() {
        return Ok(None);
    }
    // Of more results than can be merged the largest are not read.
    let size = |row: Row<'_>| match row.bool(1) {
        true => row.size(4).saturating_add(row.size(5)),
        false => 0,
    };
    let sizes: Vec<usize> = rows.iter().map(size).collect();
    let fit = limits::which_fit(&sizes, limits::MERGED);
    let unread = fit.iter().filter(|fits| !**fits).count();
    // Tasks in the order of their completion; artifacts by type, then in the order in which they were collected.
    let mut tasks = BTreeMap::new();
    let mut artifacts = BTreeMap::new();
    for (row, fits) in rows.iter().zip(fit) {
        let id = row.uuid(2).unwrap_or_default();
        let order = (row.big(6).unwrap_or(i64::MAX), id);
        if row.bool(1) {
            let task = CompletedTask {
                task_id: id.to_string(),
                task_type: row.text(3),
                description: row.beginning(4, if fits { limits::DOCUMENT } else { limits::PATH }),
                result: fits
                    .then(|| row.json(5))
                    .flatten()
                    .as_deref()
                    .and_then(json::read),
            };
            tasks.insert(order, task);
        } else {
            let artifact_type = row.text(3).unwrap_or_default();
            let artifact = ArtifactRef {
                artifact_type: artifact_type.clone(),
                path: row.beginning(4, limits::PATH),
            };
            artifacts.insert((artifact_type, order), artifact);
        }
    }
    let tasks: Vec<CompletedTask> = tasks.into_values().collect();
    let listed: Vec<Value> = artifacts
        .iter()
        .take(LISTED)
        .map(|((_, (_, id)), artifact)| {
            json!({"id": id.to_string(), "path": artifact.path, "type": artifact.artifact_type})
        })
        .collect();
    // One that was handed in again, at the same place, is told of once.
    let mut told = HashSet::new();
    let artifacts: Vec<ArtifactRef> = artifacts
        .into_values()
        .filter(|artifact| told.insert((artifact.artifact_type.clone(), artifact.path.clone())))
        .collect();
    Ok(Some(Produced {
        block: merge::as_stored(bound::bounded(
            merge::phase_block(&tasks, &artifacts),
            unread,
            limits::BLOCK,
        )),
        artifacts: (!listed.is_empty()).then(|| Value::Array(listed).to_string()),
    }))
}

/// The context as the phases before `target` left it, without the stored summary.
pub fn before(configuration: &Configuration, context: Value, target: Phase) -> Value {
    let phases = &configuration.phases;
    let Value::Object(mut blocks) = context else {
        return context;
    };
    let visible = phases.before(target);
    for phase in phases.listed().filter(|phase| !visible.contains(phase)) {
        blocks.shift_remove(phases.context_key(phase));
    }
    blocks.shift_remove("summary");
    Value::Object(blocks)
}

/// Folds what `left` produced (`found`, from [`block`]) into the context, for a ticket that enters `entered`.
///
/// `None` where there is nothing to fold: the phase has produced nothing and no block of an earlier visit
/// is to be replaced; or the stored context cannot be read, and is then left alone rather than lost.
pub fn fold(
    configuration: &Configuration,
    left: Phase,
    found: Option<Value>,
    entered: Phase,
    context: Option<&str>,
) -> Option<Folded> {
    let key = configuration.phases.context_key(left);
    let size = context.map_or(0, str::len);
    let context = match context.map(json::read) {
        None => None,
        Some(Some(context)) => Some(context),
        Some(None) => return None,
    };
    let known = context
        .as_ref()
        .is_some_and(|context| context.get(key).is_some());
    if found.is_none() && !known {
        return None;
    }
    let mut block = found.unwrap_or_else(|| merge::phase_block(&[], &[]));
    if size.saturating_add(limits::BLOCK) > BLOCKS {
        // In place of what the phase left before, and beside what the others have.
        let before = context.as_ref().and_then(|context| context.get(key));
        let others = size.saturating_sub(before.map_or(0, bound::size));
        let room = BLOCKS.saturating_sub(others).max(LEAST_BLOCK);
        block = merge::as_stored(bound::bounded(block, 0, room.min(limits::BLOCK)));
    }
    let order = order(configuration);
    let encoding = settings::encoding();
    let alone = merge::fold(None, key, block.clone());
    let kept = Block {
        data: block.to_string(),
        summary: summarize(&alone, Some(BUDGET), encoding, Some(&order)),
    };
    let context = merge::as_stored(merge::fold(context, key, block));
    let visible = before(configuration, context.clone(), entered);
    let summary = summarize(&visible, Some(BUDGET), encoding, Some(&order));
    Some(Folded {
        context: merge::with_summary(context, summary.clone()).to_string(),
        summary,
        block: kept,
    })
}

/// Keeps the blocks of phases that were left: (ticket, phase as an enum value, block). Needs an open
/// session with the owner's rights.
pub fn keep(workspace: &Workspace, blocks: &[(Uuid, u32, &Block)]) -> Result<()> {
    let at = Sql::Time(clock::now());
    match blocks {
        [] => return Ok(()),
        [(ticket, phase, block)] => {
            let data = Sql::json(Some(&block.data));
            let summary = Sql::text(Some(&block.summary));
            workspace.run(
                &KEEP_BLOCK,
                &[Sql::Uuid(*ticket), Sql::Oid(*phase), data, summary, at],
                Sees::Snapshot,
            )?;
            return Ok(());
        }
        _ => {}
    }
    let texts = |of: fn(&Block) -> &String| {
        Sql::Texts(
            blocks
                .iter()
                .map(|(_, _, block)| Some(of(block).clone()))
                .collect(),
        )
    };
    workspace.run(
        &KEEP_BLOCKS,
        &[
            Sql::Uuids(blocks.iter().map(|(ticket, _, _)| *ticket).collect()),
            Sql::Enums(
                workspace.phase_type,
                blocks.iter().map(|(_, phase, _)| *phase).collect(),
            ),
            texts(|block| &block.data),
            texts(|block| &block.summary),
            at,
        ],
        Sees::Snapshot,
    )?;
    Ok(())
}
