package io.usernet.link;

import io.usernet.buffer.ThreadWaiter;
import io.usernet.frame.Frame;
import io.usernet.frame.Holder;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A wire inside the JVM between two stacks, each on a loop of its own. Nothing is copied: a frame is
 * lent to the other end, whose frame points at the same bytes, and it comes back when the last slice
 * there is released.
 *
 * <pre>
 *    left's loop                                      right's loop
 *    transmit(frame) --HELD--&gt; queue (bounded) -----&gt; receive(into): into's slices, held by a Lease
 *    release(frame) &lt;--------- returned (a stack) &lt;-- the Lease's last reference goes
 * </pre>
 *
 * Frames that a slow reader on one side keeps would exhaust the memory of the other. Therefore, while
 * more than a quarter of a side's memory budget is lent, the other side gets copies.
 *
 * <p>A stack owns its end as any {@link LinkDevice}. An end that is closed leaves the other one
 * working: what that one transmits is dropped and counted, and what it had lent and was not received
 * comes back. Frames of a closed stack that the other still looks at live until that lets go; the
 * garbage collector frees their memory.
 */
public final class Wire {
    /** Frames in one direction that were transmitted and not yet received. */
    public static final int DEFAULT_CAPACITY = 512;

    private static final int LEND_DIVISOR = 4;

    /** Locally administered; the low bits make addresses different within the JVM. */
    private static final long FIRST_MAC = 0x0255_0000_0000L;

    private static final AtomicInteger WIRES = new AtomicInteger();
    private static final AtomicInteger MACS = new AtomicInteger();

    private final End left, right;

    /** A wire of layer 2 with the largest MTU. */
    public Wire() {
        this("wire" + WIRES.getAndIncrement(), 2, LinkCapabilities.MAX_MTU, DEFAULT_CAPACITY);
    }

    /**
     * A wire.
     *
     * @param name of the wire; its ends are {@code name.0} and {@code name.1}
     * @param layer 2 (Ethernet) or 3
     * @param mtu see {@link LinkCapabilities#mtu}
     * @param capacity most frames in one direction that were transmitted and not yet received, at
     *     least 1; rounded up to a power of two
     */
    public Wire(String name, int layer, int mtu, int capacity) {
        if (capacity < 1 || capacity > 1 << 20) {
            throw new IllegalArgumentException("capacity " + capacity + " is not in 1..1048576");
        }
        long mac = FIRST_MAC | MACS.getAndAdd(2) & 0xFFFF_FFFFL;
        Queue toRight = new Queue(capacity);
        Queue toLeft = new Queue(capacity);
        left = new End(capabilities(name + ".0", layer, mtu, mac), toRight, toLeft);
        right = new End(capabilities(name + ".1", layer, mtu, mac + 1), toLeft, toRight);
        left.peer = right;
        right.peer = left;
    }

    private static LinkCapabilities capabilities(String name, int layer, int mtu, long mac) {
        return new LinkCapabilities(name, layer, mtu, layer == 2 ? mac : 0, true, 0);
    }

    /** {@return one end; it belongs to one stack} */
    public LinkDevice left() {
        return left;
    }

    /** {@return the other end} */
    public LinkDevice right() {
        return right;
    }

    /** What one loop calls. Fields are that loop's, unless they say otherwise. */
    private static final class End implements LinkDevice {
        private static final int RETURNS_A_CALL = 64;
        private static final VarHandle RETURNED, LENT_BYTES, WOKEN;

        static {
            try {
                MethodHandles.Lookup lookup = MethodHandles.lookup();
                RETURNED = lookup.findVarHandle(End.class, "returned", Frame.class);
                LENT_BYTES = lookup.findVarHandle(End.class, "lentBytes", long.class);
                WOKEN = lookup.findVarHandle(End.class, "woken", boolean.class);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        private final LinkCapabilities capabilities;
        private final int maxFrame;
        private final Queue out; // we produce; the peer consumes, and after its end, we do
        private final Queue in;
        private final ThreadWaiter waiter = new ThreadWaiter();
        private final ArrayDeque<Lease> leases = new ArrayDeque<>(); // free ones
        private End peer;

        private volatile Frame returned; // pushed by the peer's loop, taken as a whole by ours
        private Frame toRelease; // taken
        private long lentBytes; // ours (opaque); the peer reads it (opaque)
        private volatile boolean woken; // any thread
        private volatile boolean
                wantsRoom; // by us after FULL; cleared by the peer when it made some
        private volatile boolean
                closed; // by us, after our last use of the queues; the peer reads it
        private boolean tookOver; // what the closed peer had not received was taken back
        private volatile long dropped;

        End(LinkCapabilities capabilities, Queue out, Queue in) {
            this.capabilities = capabilities;
            this.maxFrame = capabilities.mtu() + (capabilities.layer() == 2 ? 14 : 0);
            this.out = out;
            this.in = in;
        }

        @Override
        public LinkCapabilities capabilities() {
            return capabilities;
        }

        // -- in the loop

        @Override
        public Transmit transmit(Frame frame) {
            releaseReturned();
            int length = frame.length();
            if (peer.closed || length > maxFrame) {
                drop();
                return Transmit.DONE;
            }
            if (!out.offer(frame)) {
                wantsRoom = true;
                // The peer may have made room before it could see that we want it: one of us sees
                // the other.
                VarHandle.fullFence();
                if (!out.offer(frame)) return Transmit.FULL;
                wantsRoom = false;
            }
            LENT_BYTES.setOpaque(this, lentBytes + length);
            return Transmit.HELD;
        }

        @SuppressWarnings("NonAtomicOperationOnVolatileField") // one writer: the loop
        private void drop() {
            dropped++;
        }

        @Override
        public boolean receive(Frame into) {
            releaseReturned();
            Frame lent = in.poll();
            if (lent == null) return false;
            into.checksum = lent.checksum;
            if (into.checksum == Frame.Checksum.PARTIAL) into.checksum = Frame.Checksum.VALID;
            into.segmentSize = lent.segmentSize;
            long share = lent.pool().memory().budget() / LEND_DIVISOR;
            if ((long) LENT_BYTES.getOpaque(peer) > share) copy(lent, into);
            else share(lent, into);
            return true;
        }

        private void share(Frame lent, Frame into) {
            Lease lease = leases.pollLast();
            if (lease == null) lease = new Lease(this);
            else lease.revived();
            lease.lent = lent;
            for (int i = 0; i < lent.slices(); i++) {
                into.append(lent.region(i), lease, lent.at(i), lent.length(i));
            }
            lease.release(); // ours: from now on the slices' references count
        }

        private void copy(Frame lent, Frame into) {
            Frame.Checksum checksum = into.checksum;
            int segmentSize = into.segmentSize;
            int length = lent.length();
            into.reserve(length);
            lent.copy(0, length, into.bytes(), into.start());
            into.filled(length);
            into.checksum = checksum;
            into.segmentSize = segmentSize;
            peer.giveBack(lent);
        }

        private void releaseReturned() {
            if (peer.closed && !tookOver) takeOver();
            if (toRelease == null) {
                if (returned == null) return;
                toRelease = (Frame) RETURNED.getAndSet(this, null);
            }
            for (int i = 0; i < RETURNS_A_CALL && toRelease != null; i++) {
                Frame frame = toRelease;
                toRelease = frame.next;
                releaseLent(frame);
            }
        }

        private void releaseLent(Frame frame) {
            LENT_BYTES.setOpaque(this, lentBytes - frame.length());
            frame.release();
        }

        /** The peer does not consume any more: what it had not received is ours again. */
        private void takeOver() {
            tookOver = true;
            for (Frame frame = out.poll(); frame != null; frame = out.poll()) {
                drop();
                releaseLent(frame);
            }
        }

        // -- in the peer's loop

        /** A frame of ours that the peer has finished with. */
        private void giveBack(Frame frame) {
            Frame top;
            do {
                top = returned;
                frame.next = top;
            } while (!RETURNED.compareAndSet(this, top, frame));
        }

        // -- any thread

        @Override
        public void flush() {
            peer.notifyIfReady();
        }

        /** In a thread that ran the peer's loop. */
        private void notifyIfReady() {
            VarHandle.fullFence(); // between what the peer's turn published and what we look at
            boolean room = wantsRoom && !out.isFull();
            if (room) wantsRoom = false;
            if ((room || !in.isEmpty()) && waiter.claim()) waiter.wake();
        }

        @Override
        public void await(long timeoutNs, boolean forTransmit) {
            waiter.own();
            waiter.prepare();
            if (timeoutNs > 0 && !isReady(forTransmit)) {
                if (timeoutNs == Long.MAX_VALUE) LockSupport.park(this);
                else LockSupport.parkNanos(this, timeoutNs);
            }
            WOKEN.setVolatile(this, false);
            waiter.disown();
        }

        private boolean isReady(boolean forTransmit) {
            return woken
                    || !in.isEmpty()
                    || forTransmit && !out.isFull()
                    || toRelease != null
                    || peer.closed && !tookOver;
        }

        @Override
        public void wake() {
            WOKEN.setVolatile(this, true);
            if (waiter.claim()) waiter.wake();
        }

        @Override
        public long dropped() {
            return dropped;
        }

        @Override
        public void close() {
            closed = true;
            peer.wake();
        }
    }

    /** What the slices of a received frame are held by: another loop's frame, lent. */
    private static final class Lease extends Holder {
        private final End receiver;
        private Frame lent;

        Lease(End receiver) {
            this.receiver = receiver;
        }

        void revived() {
            revive();
        }

        @Override
        protected void free() {
            receiver.peer.giveBack(lent);
            lent = null;
            receiver.leases.addLast(this);
        }
    }

    /** A bounded queue with one producer and one consumer. */
    private static final class Queue {
        private static final VarHandle HEAD, TAIL;

        static {
            try {
                MethodHandles.Lookup lookup = MethodHandles.lookup();
                HEAD = lookup.findVarHandle(Queue.class, "head", int.class);
                TAIL = lookup.findVarHandle(Queue.class, "tail", int.class);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        private final Frame[] frames;
        private final int mask;
        private int head; // by the consumer (setRelease)
        private int tail; // by the producer (setRelease)

        Queue(int capacity) {
            int size = capacity == 1 ? 1 : Integer.highestOneBit(capacity - 1) << 1;
            frames = new Frame[size];
            mask = size - 1;
        }

        boolean offer(Frame frame) {
            if (isFull()) return false;
            frames[tail & mask] = frame;
            TAIL.setRelease(this, tail + 1);
            return true;
        }

        Frame poll() {
            if (head == (int) TAIL.getAcquire(this)) return null;
            Frame frame = frames[head & mask];
            frames[head & mask] = null;
            HEAD.setRelease(this, head + 1);
            return frame;
        }

        boolean isEmpty() {
            return (int) HEAD.getAcquire(this) == (int) TAIL.getAcquire(this);
        }

        boolean isFull() {
            return (int) TAIL.getAcquire(this) - (int) HEAD.getAcquire(this) > mask;
        }
    }
}
