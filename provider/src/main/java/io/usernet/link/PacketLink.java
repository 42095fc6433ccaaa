package io.usernet.link;

import io.usernet.buffer.RecordRing;
import io.usernet.buffer.ThreadWaiter;
import io.usernet.frame.Frame;
import io.usernet.frame.Memory;
import io.usernet.frame.Slab;
import io.usernet.wire.Ethernet;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * A link whose other end is the embedder's own code: a VPN, a VM, a tunnel, a test.
 *
 * <pre>
 *   inject(packet)  --copied into a slab of the stack---&gt;  the stack
 *   drain(handler)  &lt;--copied into a ring, seen in place--  the stack
 * </pre>
 *
 * <p>Packets begin with the IP header on layer 3, with the Ethernet header on layer 2. {@link #inject}
 * and {@link #drain} are thread-safe, and work from the moment when the stack is open until it is
 * closed; neither ever blocks, and each has a form that waits. Both are back-pressure: where the stack
 * cannot keep up, {@code inject} answers false; where the embedder does not drain, the stack's
 * connections wait.
 *
 * <p>One {@code drain} or one batch of {@code inject} wakes the other side at most once.
 */
public final class PacketLink implements LinkDevice {
    /** Bytes of packets on their way out, unless said otherwise: 1 MiB. */
    public static final int DEFAULT_CAPACITY = 1 << 20;

    /** Packets on their way in, not yet received by the stack. */
    private static final int MAX_IN = 1 << 10;

    /** While memory is exhausted nobody says when there is some: a waiting inject looks so often. */
    private static final long MEMORY_PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(5);

    private static final VarHandle IN_HEAD, IN_TAIL;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            IN_HEAD = lookup.findVarHandle(PacketLink.class, "inHead", int.class);
            IN_TAIL = lookup.findVarHandle(PacketLink.class, "inTail", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final LinkCapabilities capabilities;
    private final int minPacket, maxPacket;
    private volatile Memory memory; // once the stack is there
    private volatile boolean closed;

    // -- on their way in: a queue of places in slabs; a length of 0 ends a slab's use by inject
    private final Slab[] inSlab = new Slab[MAX_IN];
    private final int[] inAt = new int[MAX_IN];
    private final int[] inLength = new int[MAX_IN];
    private int inTail; // by inject, under injectLock (setRelease)
    private int inHead; // by the loop (setRelease)

    private final ReentrantLock injectLock = new ReentrantLock();
    private final Condition room = injectLock.newCondition();
    private volatile int injectorsWaiting; // by injectLock
    private Slab filling; // by injectLock; inject's reference to it ends with a length of 0
    private int filled; // by injectLock
    private volatile long refused; // by injectLock; packets that no link could carry

    // -- on their way out
    private final RecordRing out;
    private final ReentrantLock drainLock = new ReentrantLock();
    private final ByteBuffer view; // by drainLock
    // Apart from drainLock, under which foreign code runs: the stack's thread takes this one.
    private final ReentrantLock awaitLock = new ReentrantLock();
    private final Condition packets = awaitLock.newCondition();
    private volatile int drainersWaiting; // by awaitLock
    private volatile Runnable onReadable; // or null
    private volatile boolean readableSaid; // and nobody has drained since
    private volatile boolean wantsRoom; // by the loop after FULL; cleared by drain
    private volatile long tooLong; // by the loop

    private final ThreadWaiter waiter = new ThreadWaiter(); // of the thread that waits for us
    private volatile boolean woken;

    private PacketLink(LinkCapabilities capabilities, int capacity) {
        this.capabilities = capabilities;
        this.minPacket = capabilities.layer() == 2 ? Ethernet.HEADER : 1;
        this.maxPacket = capabilities.mtu() + (capabilities.layer() == 2 ? Ethernet.HEADER : 0);
        int least = Integer.highestOneBit(2 * (maxPacket + 16)) << 1;
        if (capacity < 0 || capacity > 1 << 30) {
            throw new IllegalArgumentException("capacity " + capacity + " is not in 0..2^30");
        }
        int size = Integer.highestOneBit(Math.max(capacity, 2) - 1) << 1;
        this.out = new RecordRing(Math.max(size, least));
        this.view = out.bytes().asReadOnlyBuffer();
    }

    /**
     * {@return a link of IP packets, such as a tunnel's}
     *
     * @param name for traces and views
     * @param mtu most bytes of a packet, 576 to 65535
     */
    public static PacketLink layer3(String name, int mtu) {
        return layer3(name, mtu, DEFAULT_CAPACITY);
    }

    /**
     * {@return the same}
     *
     * @param capacity bytes of packets on their way out that wait to be drained; rounded up to a power
     *     of two that holds at least two packets
     */
    public static PacketLink layer3(String name, int mtu, int capacity) {
        return new PacketLink(new LinkCapabilities(name, 3, mtu, 0, false, 0), capacity);
    }

    /**
     * {@return a link of Ethernet frames, such as a VM's}
     *
     * @param name for traces and views
     * @param mtu most bytes of an IP packet, 576 to 65535; frames have 14 more
     * @param mac the stack's hardware address, see {@link io.usernet.wire.MacAddress#parse}
     */
    public static PacketLink layer2(String name, int mtu, long mac) {
        return layer2(name, mtu, mac, DEFAULT_CAPACITY);
    }

    /** {@return the same; {@code capacity} as with {@link #layer3(String, int, int)}} */
    public static PacketLink layer2(String name, int mtu, long mac, int capacity) {
        if (mac == 0 || Ethernet.isGroup(mac)) {
            throw new IllegalArgumentException("mac is not a station's address: zero or a group's");
        }
        return new PacketLink(new LinkCapabilities(name, 2, mtu, mac, false, 0), capacity);
    }

    // -- the embedder's side: in

    /**
     * Gives the stack a packet, which is copied. One that is longer than the link allows, or shorter
     * than its header, is dropped and counted ({@link #dropped}).
     *
     * @param packet from position to limit; the position is moved to the limit if it is taken
     * @return false if the stack cannot take it now; the buffer is as it was
     * @throws ClosedChannelException if the stack is closed
     * @throws IllegalStateException if no stack was opened on this link yet
     */
    public boolean inject(ByteBuffer packet) throws ClosedChannelException {
        injectLock.lock();
        try {
            if (!add(packet)) {
                wakeForMemory();
                return false;
            }
        } finally {
            injectLock.unlock();
        }
        wake();
        return true;
    }

    /**
     * Gives the stack packets, one a buffer, in order.
     *
     * @param packets each from its position to its limit; positions are moved as by {@link
     *     #inject(ByteBuffer)}
     * @param from the first of them
     * @param count how many from there on
     * @return how many it took: fewer than {@code count} if it cannot take more now
     * @throws IndexOutOfBoundsException if {@code from} and {@code count} are not in {@code packets}
     * @throws ClosedChannelException as {@link #inject(ByteBuffer)}
     */
    public int inject(ByteBuffer[] packets, int from, int count) throws ClosedChannelException {
        Objects.checkFromIndexSize(from, count, packets.length);
        int n = 0;
        injectLock.lock();
        try {
            while (n < count && add(packets[from + n])) n++;
            if (n < count) wakeForMemory();
        } finally {
            injectLock.unlock();
        }
        if (n > 0) wake();
        return n;
    }

    /**
     * Gives the stack a packet, and waits if it cannot take it now.
     *
     * @param packet as {@link #inject(ByteBuffer)}
     * @param timeout how long it waits at most; 0 or less: not at all
     * @return false if it could not within the time
     * @throws ClosedChannelException as {@link #inject(ByteBuffer)}, also while it waits
     * @throws InterruptedException if the thread is interrupted while it waits
     */
    public boolean inject(ByteBuffer packet, long timeout, TimeUnit unit)
            throws ClosedChannelException, InterruptedException {
        long left = unit.toNanos(timeout);
        injectLock.lockInterruptibly();
        try {
            while (!add(packet)) {
                if (left <= 0) {
                    wakeForMemory();
                    return false;
                }
                injectorsWaiting++;
                VarHandle.fullFence(); // as in flush, which does the reverse
                try {
                    if (!isInFull()) {
                        left -= awaitMemory(Math.min(left, MEMORY_PAUSE_NS));
                    } else {
                        left = room.awaitNanos(left);
                    }
                } finally {
                    injectorsWaiting--;
                }
            }
        } finally {
            injectLock.unlock();
        }
        wake();
        return true;
    }

    /** Answers how long it took. A turn after each pause, not each retry: turns end the wait early. */
    private long awaitMemory(long ns) throws InterruptedException {
        long left = room.awaitNanos(ns);
        if (left <= 0) wakeForMemory();
        return ns - left;
    }

    /**
     * After a refusal, under injectLock: only turns give back the memory that readers have finished
     * with, and perhaps there is none to come otherwise.
     */
    private void wakeForMemory() {
        if (!isInFull()) wake();
    }

    /** Under injectLock. */
    private boolean add(ByteBuffer packet) throws ClosedChannelException {
        if (closed) throw new ClosedChannelException();
        Memory from = memory;
        if (from == null) {
            throw new IllegalStateException(
                    capabilities.name() + ": open a stack on this link first");
        }
        int length = packet.remaining();
        if (length < minPacket || length > maxPacket) {
            packet.position(packet.limit());
            refused++;
            return true;
        }
        if (isInFull()) return false;
        if (filling == null || filled + length > filling.capacity()) {
            Slab next = from.take(Slab.Size.LARGE);
            if (next == null) return false;
            if (filling != null) push(filling, 0, 0); // the loop drops our reference
            filling = next;
            filled = 0;
        }
        int at = filling.base() + filled;
        filling.region().bytes().put(at, packet, packet.position(), length);
        packet.position(packet.limit());
        push(filling, at, length);
        filled += length + 7 & ~7;
        return true;
    }

    private void push(Slab slab, int at, int length) {
        int i = inTail & MAX_IN - 1;
        inSlab[i] = slab;
        inAt[i] = at;
        inLength[i] = length;
        IN_TAIL.setRelease(this, inTail + 1);
    }

    /** Whether a packet, the end of a slab before it, and the end of the last one may not fit. */
    private boolean isInFull() {
        return inTail - (int) IN_HEAD.getAcquire(this) > MAX_IN - 3;
    }

    // -- the embedder's side: out

    /**
     * Shows the handler the packets that the stack has sent, oldest first.
     *
     * @param handler gets a read-only view of each packet, from position to limit, that is valid only
     *     during the call; where it throws, that packet is gone, and the others are still there
     * @param most packets at once, at least 1
     * @return how many there were; also after the stack was closed, until all are drained
     */
    public int drain(Consumer<ByteBuffer> handler, int most) {
        if (most < 1) throw new IllegalArgumentException("most " + most + " is below 1");
        int n = 0;
        drainLock.lock();
        try {
            readableSaid = false; // before the look: what comes afterwards is said again
            VarHandle.fullFence(); // as in flush, which does the reverse
            for (int at = out.peek(); at >= 0; at = out.peek()) {
                view.limit(at + out.length(at)).position(at);
                try {
                    handler.accept(view);
                } finally {
                    out.remove();
                    view.clear();
                }
                if (++n == most) break;
            }
        } finally {
            drainLock.unlock();
            VarHandle.fullFence(); // between the room that we made and the look at who wants it
            if (wantsRoom) {
                wantsRoom = false;
                wake();
            }
        }
        return n;
    }

    /**
     * Waits until {@link #drain} finds something.
     *
     * @return false if the time is over, or the stack is closed and all is drained
     * @throws InterruptedException if the thread is interrupted while it waits
     */
    public boolean awaitPacket(long timeout, TimeUnit unit) throws InterruptedException {
        long left = unit.toNanos(timeout);
        awaitLock.lockInterruptibly();
        try {
            drainersWaiting++;
            VarHandle.fullFence(); // as in flush, which does the reverse
            try {
                while (out.isEmpty()) {
                    if (left <= 0 || closed) return false;
                    left = packets.awaitNanos(left);
                }
            } finally {
                drainersWaiting--;
            }
            return true;
        } finally {
            awaitLock.unlock();
        }
    }

    /**
     * Has {@code task} run when there are packets to {@link #drain}; then drain until it finds fewer than
     * it may, for it is said again only when more come after a drain has begun. A drain may find that
     * another one was quicker. The task runs in a thread of the stack, which it must not block: a
     * selector's {@code wakeup} is what it is for.
     *
     * @param task null: none
     */
    public void onReadable(Runnable task) {
        onReadable = task;
        readableSaid = false;
        if (task != null && !out.isEmpty()) sayReadable();
    }

    private void sayReadable() {
        Runnable task = onReadable;
        if (task == null || readableSaid) return;
        readableSaid = true;
        task.run();
    }

    // -- the stack's side

    @Override
    public LinkCapabilities capabilities() {
        return capabilities;
    }

    @Override
    public void attach(Memory memory) {
        if (this.memory != null) {
            throw new IllegalStateException(capabilities.name() + ": a link belongs to one stack");
        }
        this.memory = memory;
    }

    @Override
    public boolean receive(Frame into) {
        while (inHead != (int) IN_TAIL.getAcquire(this)) {
            int i = inHead & MAX_IN - 1;
            Slab slab = inSlab[i];
            int at = inAt[i];
            int length = inLength[i];
            inSlab[i] = null;
            IN_HEAD.setRelease(this, inHead + 1);
            if (length > 0) {
                into.append(slab.region(), slab, at, length);
                return true;
            }
            slab.release();
        }
        return false;
    }

    @Override
    public Transmit transmit(Frame frame) {
        int length = frame.length();
        if (length > maxPacket) {
            dropTooLong();
            return Transmit.DONE;
        }
        int at = out.claim(length);
        if (at < 0) {
            wantsRoom = true;
            VarHandle.fullFence(); // drain makes room and then looks, we do the reverse
            at = out.claim(length);
            if (at < 0) return Transmit.FULL;
            wantsRoom = false;
        }
        frame.copy(0, length, out.bytes(), at);
        out.publish();
        return Transmit.DONE;
    }

    @SuppressWarnings("NonAtomicOperationOnVolatileField") // one writer: the loop
    private void dropTooLong() {
        tooLong++;
    }

    @Override
    public void flush() {
        VarHandle.fullFence(); // between what the turn published and who waits for it
        if (injectorsWaiting > 0) signal(injectLock, room);
        if (out.isEmpty()) return;
        if (drainersWaiting > 0) signal(awaitLock, packets);
        sayReadable();
    }

    private static void signal(ReentrantLock lock, Condition condition) {
        lock.lock();
        try {
            condition.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void await(long timeoutNs, boolean forTransmit) {
        waiter.own();
        waiter.prepare();
        boolean ready =
                woken
                        || (int) IN_HEAD.getAcquire(this) != (int) IN_TAIL.getAcquire(this)
                        || forTransmit && !wantsRoom;
        if (timeoutNs > 0 && !ready) {
            if (timeoutNs == Long.MAX_VALUE) LockSupport.park(this);
            else LockSupport.parkNanos(this, timeoutNs);
        }
        woken = false;
        waiter.disown();
    }

    @Override
    public void wake() {
        woken = true;
        if (waiter.claim()) waiter.wake();
    }

    @Override
    public long dropped() {
        return tooLong + refused;
    }

    /** Ends all waiting. The stack does this; the embedder closes the stack. */
    @Override
    public void close() {
        injectLock.lock();
        try {
            closed = true;
            if (filling != null) push(filling, 0, 0);
            filling = null;
            while (inHead != inTail) { // nobody else receives any more
                int i = inHead++ & MAX_IN - 1;
                if (inLength[i] == 0) inSlab[i].release();
                inSlab[i] = null;
            }
            room.signalAll();
        } finally {
            injectLock.unlock();
        }
        signal(awaitLock, packets);
    }
}
