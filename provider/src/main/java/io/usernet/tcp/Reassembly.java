package io.usernet.tcp;

import io.usernet.buffer.RangeSet;
import io.usernet.buffer.ReceiveQueue;
import io.usernet.frame.Frame;
import io.usernet.frame.Holder;
import io.usernet.frame.Memory;
import io.usernet.frame.Region;
import io.usernet.frame.Slab;
import java.util.Arrays;

/**
 * Text that came before what precedes it: pieces in order of their positions, which do not overlap.
 * A piece is a slice of the frame that it came in, or, if it is small, a copy, so that it does not pin
 * much more than itself. Each is charged with its bytes and the cost of a piece, so that many small
 * ones cannot take more memory than the receive buffer allows.
 */
final class Reassembly {
    /** What a piece costs beyond its bytes. */
    static final int OVERHEAD = 64;

    private static final int RECENT = 4; // RFC 2018 section 4: blocks that are repeated

    private static final class Piece {
        final long start;
        final Region region;
        final Holder holder;
        final int at;
        final int length;

        Piece(long start, Region region, Holder holder, int at, int length) {
            this.start = start;
            this.region = region;
            this.holder = holder;
            this.at = at;
            this.length = length;
        }
    }

    private final Memory memory;
    private final RangeSet ranges = new RangeSet();
    private Piece[] pieces = new Piece[8];
    private int count;
    private int charged;
    private Slab chunk; // where small pieces are copied to
    private int chunkUsed;
    private final long[] recent = new long[RECENT]; // positions in the latest blocks, latest first
    private int recents;

    Reassembly(Memory memory) {
        this.memory = memory;
    }

    boolean isEmpty() {
        return count == 0;
    }

    RangeSet ranges() {
        return ranges;
    }

    /**
     * Keeps what is new of {@code [start, end)}.
     *
     * @param from where its first byte is in the frame
     * @param limit most that may be charged in all
     * @return whether all of it is kept now
     */
    boolean insert(long start, long end, Frame in, int from, int limit) {
        long at = start;
        while ((at = ranges.nextGap(at)) < end) {
            long gapEnd = Math.min(end, ranges.nextMember(at));
            long kept = keep(at, gapEnd, in, from + (int) (at - start), limit);
            ranges.add(at, kept);
            if (kept > start) touch(Math.max(start, at));
            if (kept < gapEnd) return false;
            at = gapEnd;
        }
        touch(start);
        return true;
    }

    /** The block that holds {@code position} is the latest. */
    void touch(long position) {
        int i = 0;
        int block = ranges.find(position);
        while (i < recents && ranges.find(recent[i]) != block) i++;
        if (i == recents) {
            if (recents < RECENT) recents++;
            else i--;
        }
        System.arraycopy(recent, 0, recent, 1, i);
        recent[0] = position;
    }

    private long keep(long start, long end, Frame in, int from, int limit) {
        long done = start;
        for (int i = 0; i < in.slices() && done < end; i++) {
            int have = in.length(i);
            if (from >= have) {
                from -= have;
                continue;
            }
            int n = (int) Math.min(have - from, end - done);
            if (charged + n + OVERHEAD > limit) break;
            Piece piece = piece(done, in, i, in.at(i) + from, n);
            if (piece == null) break;
            place(piece);
            done += n;
            from = 0;
        }
        return done;
    }

    private Piece piece(long start, Frame in, int slice, int at, int length) {
        Holder holder = in.holder(slice);
        if (holder != null && length > ReceiveQueue.COPY_LIMIT) {
            holder.retain();
            return new Piece(start, in.region(slice), holder, at, length);
        }
        if (length > Slab.Size.SMALL.bytes()) return null; // memory is exhausted: no holder
        if (chunk == null || chunkUsed + length > chunk.capacity()) {
            Slab more = memory.take(Slab.Size.SMALL);
            if (more == null) return null;
            if (chunk != null) chunk.release();
            chunk = more;
            chunkUsed = 0;
        }
        int to = chunk.base() + chunkUsed;
        chunk.region().bytes().put(to, in.bytes(slice), at, length);
        chunkUsed += length;
        chunk.retain();
        return new Piece(start, chunk.region(), chunk, to, length);
    }

    private void place(Piece piece) {
        if (count == pieces.length) pieces = Arrays.copyOf(pieces, 2 * count);
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = low + high >>> 1;
            if (pieces[middle].start < piece.start) low = middle + 1;
            else high = middle;
        }
        System.arraycopy(pieces, low, pieces, low + 1, count - low);
        pieces[low] = piece;
        count++;
        charged += piece.length + OVERHEAD;
    }

    /**
     * Moves what continues the stream at {@code next} to the queue, and drops what it already has.
     *
     * @param dropped a position that does not go to the queue
     * @param queue null: the text is dropped
     * @return where the stream continues then
     */
    long deliver(long next, long dropped, ReceiveQueue queue) {
        int gone = 0;
        while (gone < count && pieces[gone].start <= next) {
            Piece piece = pieces[gone];
            int known = (int) Math.min(next - piece.start, piece.length);
            int left = piece.length - known;
            if (left > 0 && queue != null) append(piece, known, dropped, queue);
            next += left;
            piece.holder.release();
            charged -= piece.length + OVERHEAD;
            gone++;
        }
        System.arraycopy(pieces, gone, pieces, 0, count - gone);
        Arrays.fill(pieces, count - gone, count, null);
        count -= gone;
        ranges.removeBefore(next);
        forget(next);
        if (count == 0) releaseChunk();
        assert invariant();
        return next;
    }

    /** The piece from {@code known} bytes on, without the one that is dropped. */
    private static void append(Piece piece, int known, long dropped, ReceiveQueue queue) {
        int from = known;
        if (dropped >= piece.start + known && dropped < piece.start + piece.length) {
            int to = (int) (dropped - piece.start);
            if (to > from) queue.append(piece.region, piece.holder, piece.at + from, to - from);
            from = to + 1;
        }
        int left = piece.length - from;
        if (left > 0) queue.append(piece.region, piece.holder, piece.at + from, left);
    }

    private void forget(long next) {
        int kept = 0;
        for (int i = 0; i < recents; i++) if (recent[i] >= next) recent[kept++] = recent[i];
        recents = kept;
    }

    /**
     * The blocks to report, the latest first (RFC 2018 section 4), then the highest others.
     *
     * @return how many were written to {@code blocks}: indices into {@link #ranges}
     */
    int latestBlocks(int[] blocks, int most) {
        int n = 0;
        for (int i = 0; i < recents && n < most; i++)
            n = addBlock(blocks, n, ranges.find(recent[i]));
        for (int i = ranges.count() - 1; i >= 0 && n < most; i--) n = addBlock(blocks, n, i);
        return n;
    }

    private static int addBlock(int[] blocks, int n, int block) {
        for (int i = 0; i < n; i++) if (blocks[i] == block) return n;
        if (block < 0) return n;
        blocks[n] = block;
        return n + 1;
    }

    void close() {
        for (int i = 0; i < count; i++) pieces[i].holder.release();
        Arrays.fill(pieces, 0, count, null);
        count = charged = recents = 0;
        ranges.clear();
        releaseChunk();
    }

    private void releaseChunk() {
        if (chunk != null) chunk.release();
        chunk = null;
    }

    boolean invariant() {
        long sum = 0;
        int charge = 0;
        for (int i = 0; i < count; i++) {
            Piece p = pieces[i];
            assert ranges.covered(p.start, p.start + p.length) == p.length;
            assert i == 0 || pieces[i - 1].start + pieces[i - 1].length <= p.start;
            sum += p.length;
            charge += p.length + OVERHEAD;
        }
        assert sum == ranges.size() : sum + " " + ranges;
        assert charge == charged;
        return true;
    }
}
