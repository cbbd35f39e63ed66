//! Where an index begins in truth: past the pages at its beginning that have nothing but dead entries.
//!
//! Every task that was claimed leaves an entry at the beginning of the queue's index until `VACUUM` comes. The server marks
//! such an entry once a scan has found that its row is dead for everybody, but passes by it again at each claim, and after
//! ten thousand claims that is a third of a claim's time.
//!
//! A page of a B-tree whose entries are all marked dead stays so for as long as nothing is inserted into it, and whoever
//! changes a page gives it another LSN. So it is enough to remember these pages with their LSNs, and to look at the LSNs: what
//! is read from then on starts with the first entry that is not dead. Nothing that the reader's snapshot has can be missed:
//! it was inserted before the snapshot was taken, and the LSNs are looked at later.

use super::cache::Remembered;
use crate::interrupt;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;
use pgrx::pg_sys::{self, BlockNumber, Buffer, IndexTuple, Relation};
use std::cell::RefCell;
use std::ffi::c_int;
use std::sync::atomic::{AtomicU64, Ordering};

/// The pages that are remembered of an index at most, 24 bytes each; half a gigabyte of dead entries.
const PAGES: usize = 1 << 16;

/// What a leaf page of a B-tree ends with (`BTPageOpaqueData`, the same from 14 on).
#[repr(C)]
struct Sides {
    left: BlockNumber,
    right: BlockNumber,
    level: u32,
    flags: u16,
    cycle: u16,
}

/// No page on that side.
const NONE: BlockNumber = 0;
/// `BTP_LEAF`
const LEAF: u16 = 1;
/// `BTP_DELETED`, `BTP_META`, `BTP_HALF_DEAD`
const NOT_IN_ORDER: u16 = 4 | 8 | 16;

/// Functions of the server that are called within one guard.
mod unguarded {
    use super::*;

    unsafe extern "C-unwind" {
        /// The first or last page of a level, locked for reading, or no buffer where the index is empty.
        pub(super) fn _bt_get_endpoint(
            index: Relation,
            level: u32,
            rightmost: bool,
            #[cfg(any(feature = "pg15", feature = "pg16"))] snapshot: pg_sys::Snapshot,
        ) -> Buffer;

        /// Pins the buffer if it has that page.
        pub(super) fn ReadRecentBuffer(
            file: File,
            fork: pg_sys::ForkNumber::Type,
            block: BlockNumber,
            buffer: Buffer,
        ) -> bool;

        pub(super) fn ReleaseBuffer(buffer: Buffer);
    }
}

#[cfg(feature = "pg15")]
type File = pg_sys::RelFileNode;
#[cfg(not(feature = "pg15"))]
type File = pg_sys::RelFileLocator;

/// A page whose entries are all dead.
#[derive(Debug, Clone, Copy)]
struct Page {
    block: BlockNumber,
    /// As the page has it; only to be compared.
    lsn: u64,
    /// The page after it.
    right: BlockNumber,
    /// Where it was found.
    buffer: Buffer,
}

/// The pages from an index's first on that have nothing but dead entries, in their order. Of one file: an index that is in
/// another one has another definition.
#[derive(Debug, Default)]
struct Dead(Vec<Page>);

thread_local! {
    static DEAD: Remembered<RefCell<Dead>> = Remembered::default();
}

/// What was found on a page.
enum Found {
    /// Nothing but dead entries.
    Dead(Page),
    /// This entry is the first that counts, in a copy.
    Entry(IndexTuple),
    /// The page is not what it should be, or has no entry and is the last that counts.
    Nothing,
}

/// The first entry of an index that may not be dead; nothing where that is its first, or where it is to be read from there for
/// another reason.
///
/// For those who read only until a moment, which is the index's first column, pages beyond are not looked at.
///
/// # Safety
/// The index is open and locked; where there is a moment, its first column is a `timestamptz` and never NULL. A snapshot is
/// active, and is the one that the index is going to be read with.
pub(super) unsafe fn entry(index: Relation, until: Option<i64>) -> Option<IndexTuple> {
    // SAFETY: as the caller says.
    unsafe {
        if !tells_changes(index) {
            return None;
        }
        let number = (*index).rd_id.to_u32();
        let dead = DEAD
            .with(|dead| dead.get(number, || Ok(RefCell::default())))
            .ok()?;
        dead.try_borrow_mut().ok()?.pass_by(index, until)
    }
}

/// Whether a page of the index that is changed always gets another LSN, and nobody has to know which pages were read.
///
/// # Safety
/// The index is open.
unsafe fn tells_changes(index: Relation) -> bool {
    // SAFETY: as the caller says; settings of the server.
    unsafe {
        (*(*index).rd_rel).relam == pg_sys::BTREE_AM_OID
            && (*(*index).rd_rel).relpersistence as u8 == pg_sys::RELPERSISTENCE_PERMANENT
            && pg_sys::wal_level > pg_sys::WalLevel::WAL_LEVEL_MINIMAL as c_int
            // What a serializable transaction has not read it cannot conflict with.
            && pg_sys::XactIsoLevel < pg_sys::XACT_SERIALIZABLE as c_int
    }
}

/// The file that holds the index.
///
/// # Safety
/// The index is open.
unsafe fn file(index: Relation) -> File {
    // SAFETY: as the caller says.
    unsafe {
        #[cfg(feature = "pg15")]
        return (*index).rd_node;
        #[cfg(not(feature = "pg15"))]
        return (*index).rd_locator;
    }
}

impl Dead {
    /// Passes by the pages whose entries are all dead; gives the first entry after them, if there are any.
    ///
    /// # Safety
    /// As for [`entry`].
    unsafe fn pass_by(&mut self, index: Relation, until: Option<i64>) -> Option<IndexTuple> {
        // SAFETY: as the caller says.
        unsafe {
            let mut place = 0;
            while place < PAGES {
                interrupt::tick();
                place += unchanged(index, self.0.get(place..).unwrap_or_default());
                let before = place.checked_sub(1).and_then(|place| self.0.get(place));
                let block = match (before, self.0.first()) {
                    (Some(before), _) => before.right,
                    (None, Some(first)) => first.block,
                    (None, None) => first_block(index)?,
                };
                match read_page(index, block, place == 0, until) {
                    Found::Dead(page) => {
                        self.set(place, page);
                        place += 1;
                    }
                    Found::Entry(entry) => return (place > 0).then_some(entry),
                    Found::Nothing => {
                        self.0.clear();
                        return None;
                    }
                }
            }
        }
        None
    }

    /// Remembers a page, and those after it where they still come after it.
    fn set(&mut self, place: usize, page: Page) {
        let next = self.0.get(place + 1);
        if next.is_none_or(|next| next.block != page.right) {
            self.0.truncate(place);
        }
        match self.0.get_mut(place) {
            Some(old) => *old = page,
            None => self.0.push(page),
        }
    }
}

/// How many of these pages, one after the other, are still as they were.
///
/// This is done for each of them at each claim, so that it does without what it can do without: looking for the buffer, and
/// locking the page. Who inserted what the snapshot has let the page go before the snapshot was taken, so that the LSN that
/// is read is the one that it left there, or a later one.
///
/// # Safety
/// Pages of the index, which is open and locked; a snapshot was taken.
unsafe fn unchanged(index: Relation, pages: &[Page]) -> usize {
    // SAFETY: as the caller says. A page is pinned while its LSN is read, eight bytes at its beginning that are aligned. The
    // closure has nothing to drop where an error passes through it.
    unsafe {
        let file = file(index);
        pg_guard_ffi_boundary(|| {
            pages
                .iter()
                .take_while(|page| {
                    unguarded::ReadRecentBuffer(
                        file,
                        pg_sys::ForkNumber::MAIN_FORKNUM,
                        page.block,
                        page.buffer,
                    ) && {
                        let start = page_of(page.buffer).cast_mut().cast::<u64>();
                        let lsn = AtomicU64::from_ptr(start).load(Ordering::Relaxed);
                        unguarded::ReleaseBuffer(page.buffer);
                        lsn == page.lsn
                    }
                })
                .count()
        })
    }
}

/// The first page of an index's entries.
///
/// # Safety
/// The index is open and locked.
unsafe fn first_block(index: Relation) -> Option<BlockNumber> {
    // SAFETY: as the caller says; gives a page that is locked, and is let go here.
    unsafe {
        let buffer = pg_guard_ffi_boundary(|| {
            unguarded::_bt_get_endpoint(
                index,
                0,
                false,
                #[cfg(any(feature = "pg15", feature = "pg16"))]
                std::ptr::null_mut(),
            )
        });
        if buffer == pg_sys::InvalidBuffer as Buffer {
            return None;
        }
        let block = pg_sys::BufferGetBlockNumber(buffer);
        pg_sys::UnlockReleaseBuffer(buffer);
        Some(block)
    }
}

/// What is on a page.
///
/// # Safety
/// The index is a B-tree, open and locked, and has such a page.
unsafe fn read_page(
    index: Relation,
    block: BlockNumber,
    is_first: bool,
    until: Option<i64>,
) -> Found {
    // SAFETY: as the caller says. The page is locked while it is read, and let go in the end; where an error passes through
    // abort processing does that.
    unsafe {
        let buffer = pg_sys::ReadBuffer(index, block);
        pg_sys::LockBuffer(buffer, pg_sys::BUFFER_LOCK_SHARE as c_int);
        let found = look_at(block, buffer, is_first, until);
        pg_sys::UnlockReleaseBuffer(buffer);
        found
    }
}

/// A shared buffer's page.
///
/// # Safety
/// The buffer is pinned.
unsafe fn page_of(buffer: Buffer) -> *const u8 {
    // SAFETY: shared buffers are numbered from 1, and lie one after the other.
    unsafe {
        let place = usize::try_from(buffer - 1).unwrap_or(0);
        pg_sys::BufferBlocks
            .cast::<u8>()
            .add(place * pg_sys::BLCKSZ as usize)
    }
}

/// # Safety
/// This buffer has that page of a B-tree, and is locked for reading.
unsafe fn look_at(block: BlockNumber, buffer: Buffer, is_first: bool, until: Option<i64>) -> Found {
    // SAFETY: what a page of a B-tree is made of lies where its header says; that the header is in order is looked at first.
    // An entry is copied as long as it says that it is.
    unsafe {
        let page = page_of(buffer);
        let lsn = page.cast::<u64>().read();
        let header = page.cast::<pg_sys::PageHeaderData>();
        let end = usize::from((*header).pd_special);
        let start = std::mem::offset_of!(pg_sys::PageHeaderData, pd_linp);
        if end + size_of::<Sides>() != pg_sys::BLCKSZ as usize
            || usize::from((*header).pd_lower) < start
        {
            return Found::Nothing;
        }
        let sides = page.add(end).cast::<Sides>();
        let is_leaf = (*sides).flags & LEAF != 0 && (*sides).flags & NOT_IN_ORDER == 0;
        if !is_leaf || is_first && (*sides).left != NONE {
            return Found::Nothing;
        }
        let is_last = (*sides).right == NONE;
        let count = (usize::from((*header).pd_lower) - start) / size_of::<pg_sys::ItemIdData>();
        let items = std::slice::from_raw_parts((*header).pd_linp.as_ptr(), count);
        let at = |item: &pg_sys::ItemIdData| page.add(item.lp_off() as usize) as IndexTuple;
        // The first item of a page that is not the last says where the page ends.
        let (end, entries) = match items.split_first() {
            Some((end, entries)) if !is_last => (Some(end), entries),
            _ => (None, items),
        };
        let is_enough = match (end, until) {
            (Some(end), Some(until)) => moment(at(end)) > until,
            _ => is_last,
        };
        let mut alive = entries
            .iter()
            .filter(|entry| entry.lp_flags() != pg_sys::LP_DEAD);
        match alive.next().or(entries.last().filter(|_| is_enough)) {
            Some(entry) => Found::Entry(pg_sys::CopyIndexTuple(at(entry))),
            None if is_enough => Found::Nothing,
            None => Found::Dead(Page {
                block,
                lsn,
                right: (*sides).right,
                buffer,
            }),
        }
    }
}

/// The first column of an entry.
///
/// # Safety
/// Of an index whose first column is a `timestamptz` and never NULL: it comes right after the entry's head.
unsafe fn moment(entry: IndexTuple) -> i64 {
    // SAFETY: as the caller says; the head is as long as a value of this type is aligned.
    unsafe { entry.add(1).cast::<i64>().read() }
}
