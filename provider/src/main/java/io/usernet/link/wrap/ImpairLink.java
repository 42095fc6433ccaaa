package io.usernet.link.wrap;

import io.usernet.config.Impairment;
import io.usernet.frame.Frame;
import io.usernet.frame.Memory;
import io.usernet.link.LinkAddresses;
import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice;
import io.usernet.link.LinkFailure;
import io.usernet.metrics.ImpairmentCounts;
import io.usernet.wire.Cidr;
import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;

/**
 * Makes a good link a bad one: loses, delays, reorders, duplicates and corrupts frames as an {@link
 * Impairment} says, and cuts peers off. What the same seed does to the same frames of one direction is
 * the same, whatever goes the other way.
 *
 * <pre>
 *   transmit(frame) --decide--&gt; [frames by due time] --when due--&gt; link.transmit
 *   receive(into) &lt;--when due-- [frames by due time] &lt;--decide-- link.receive
 * </pre>
 *
 * <p>A frame that waits keeps its memory: one that is sent is HELD, of one that was received the
 * slices are kept. A frame that has no memory of its own (scratch, where the stack's is used up) cannot
 * wait, and is dropped.
 *
 * <p>The link below does no checksums and no segmentation for us, for it would make the checksum of a
 * corrupted frame right. Bytes are changed in a copy, never where the sender's retransmission finds
 * them. Where there is no memory for the copy the frame passes as it is.
 *
 * <p>{@link #impair}, {@link #partition}, {@link #heal()} and what asks for the present state may be
 * called by any thread and act at once; a frame that waits keeps the time at which it is due. When the
 * link is closed, what waits to be sent is sent.
 */
public final class ImpairLink implements LinkDevice {

    /** Frames that one call moves between the link and what waits. */
    private static final int MAX_FRAMES = 64;

    /** The value of {@link #awaitUntilNs} while nobody waits. */
    private static final long AWAKE = Long.MIN_VALUE;

    private static final VarHandle AWAIT_UNTIL;

    static {
        try {
            AWAIT_UNTIL =
                    MethodHandles.lookup()
                            .findVarHandle(ImpairLink.class, "awaitUntilNs", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** What is in force; the generators are the loop's. */
    private record Active(Impairment impairment, SplittableRandom in, SplittableRandom out) {}

    /** What the loop has of one direction. */
    private static final class Side {
        final Tally tally = new Tally();
        final DelayQueue queue = new DelayQueue();
        long freeAtNs; // when the last bit of the last frame has left, at the given rate
    }

    private final LinkDevice link;
    private final LinkCapabilities capabilities;
    private final LongSupplier clock; // nanoseconds, not negative
    private final Side in = new Side();
    private final Side out = new Side();

    private volatile Active active; // any thread, under this object's lock; read by the loop
    private volatile Peers cutOff = Peers.NONE; // the same

    // By the loop, and then read by flush; by the I/O thread, and then read by await. One of a loop
    // that sets a time and a thread that goes to sleep sees the other.
    private volatile long dueNs = DelayQueue.NEVER;
    private volatile boolean blocked; // a frame is due, but the link is full
    private volatile long awaitUntilNs = AWAKE; // by the I/O thread; AWAKE also by who wakes it
    private volatile boolean awaitsRoom; // by the I/O thread, before awaitUntilNs

    ImpairLink(LinkDevice link, Impairment impairment, LongSupplier clock) {
        LinkCapabilities c = link.capabilities();
        this.link = link;
        this.capabilities = new LinkCapabilities(c.name(), c.layer(), c.mtu(), c.mac(), false, 0);
        this.clock = clock;
        this.active = activate(seeded(impairment));
    }

    /**
     * Wraps a link. The impairment is logged with its seed, so that a run can be repeated.
     *
     * @param impairment may be {@link Impairment#NONE}, to be set later
     * @return the link to use in the place of the other one, which it closes
     */
    public static ImpairLink open(LinkDevice link, Impairment impairment) {
        long startNs = System.nanoTime();
        ImpairLink wrapped = new ImpairLink(link, impairment, () -> System.nanoTime() - startNs);
        if (!impairment.isNone()) {
            String name = link.capabilities().name();
            System.getLogger("io.usernet")
                    .log(Level.INFO, name + " is impaired: " + wrapped.impairment());
        }
        return wrapped;
    }

    private static Impairment seeded(Impairment impairment) {
        if (impairment.seed().isPresent()) return impairment;
        return impairment.withSeed(new SplittableRandom().nextInt() & Integer.MAX_VALUE);
    }

    private static Active activate(Impairment impairment) {
        SplittableRandom random = new SplittableRandom(impairment.seed().getAsLong());
        return new Active(impairment, random.split(), random.split());
    }

    // -- any thread

    /**
     * Changes what is done to frames from now on. With a seed, decisions begin anew from it; without,
     * they go on as they were drawn.
     */
    public synchronized void impair(Impairment impairment) {
        Objects.requireNonNull(impairment, "impairment");
        if (impairment.seed().isPresent()) {
            active = activate(impairment);
        } else {
            Active before = active;
            long seed = before.impairment.seed().getAsLong();
            active = new Active(impairment.withSeed(seed), before.in, before.out);
        }
    }

    /** {@return what is done to frames now, with its seed} */
    public Impairment impairment() {
        return active.impairment;
    }

    /**
     * Cuts peers off: no frame to or from an IPv4 address in {@code peers} beyond the link passes, nor
     * ARP for or from one; those that are delayed now don't either. Broadcasts still go out.
     */
    public synchronized void partition(Cidr peers) {
        cutOff = cutOff.with(peers);
    }

    /** Ends a {@link #partition} of exactly these peers; does nothing if there is none. */
    public synchronized void heal(Cidr peers) {
        cutOff = cutOff.without(peers);
    }

    /** Ends all partitions. */
    public synchronized void heal() {
        cutOff = Peers.NONE;
    }

    /** {@return who is cut off, by network} */
    public List<Cidr> partitions() {
        return cutOff.cidrs();
    }

    /** {@return what happened to frames so far} */
    public ImpairmentCounts counts() {
        return new ImpairmentCounts(in.tally.snapshot(), out.tally.snapshot());
    }

    // -- in the loop

    @Override
    public void attach(Memory memory) {
        link.attach(memory);
    }

    @Override
    public LinkCapabilities capabilities() {
        return capabilities;
    }

    @Override
    public LinkAddresses assigned() {
        return link.assigned();
    }

    @Override
    public boolean receive(Frame into) {
        long nowNs = clock.getAsLong();
        sendDue(nowNs);
        // One is read for one that is due, so that neither piles up, and more where none is.
        boolean got = false;
        for (int n = 0; n < MAX_FRAMES && !got; n++) {
            if (n > 0 && in.queue.dueNs() <= nowNs || !link.receive(into)) break;
            got = arrived(into, nowNs);
        }
        if (!got) got = takeDue(into, nowNs);
        publish();
        return got;
    }

    /** Whether it passes at once; else it is empty. */
    private boolean arrived(Frame into, long nowNs) {
        Active now = active;
        Impairment.Direction how = now.impairment.in();
        in.tally.add(Tally.FRAMES);
        if (isCutOff(into, false)) {
            in.tally.add(Tally.PARTITIONED);
        } else if (in.queue.size() == 0 && how.isNone()) {
            in.tally.add(Tally.PASSED);
            return true;
        } else if (isDrawn(how.loss(), now.in)) {
            in.tally.add(Tally.LOST);
        } else {
            Frame twin = isDrawn(how.duplicate(), now.in) ? twin(into) : null;
            Frame frame = into.pool().take();
            frame.moveFrom(into);
            arrived(frame, how, now.in, nowNs);
            if (twin != null) {
                in.tally.add(Tally.DUPLICATED);
                arrived(twin, how, now.in, nowNs);
            }
        }
        into.clear();
        return false;
    }

    /** Queues a frame, or releases it. */
    private void arrived(
            Frame frame, Impairment.Direction how, SplittableRandom random, long nowNs) {
        if (in.queue.size() >= how.limit() || !frame.canBeKept()) {
            in.tally.add(Tally.OVERFLOWED);
            frame.release();
            return;
        }
        Frame wrong = corrupted(frame, how, random);
        if (wrong != null) frame.release();
        Frame going = wrong == null ? frame : wrong;
        long due = due(in, going, how, random, nowNs);
        if (due > nowNs) in.tally.add(Tally.DELAYED);
        in.queue.add(going, due, wrong != null);
    }

    private boolean takeDue(Frame into, long nowNs) {
        while (in.queue.dueNs() <= nowNs) {
            boolean corrupted = in.queue.isFirstCorrupted();
            Frame frame = in.queue.poll();
            boolean passes = !isCutOff(frame, false);
            if (passes) {
                into.clear();
                into.moveFrom(frame);
                passed(in, corrupted);
            } else {
                in.tally.add(Tally.PARTITIONED);
            }
            frame.release();
            if (passes) return true;
        }
        return false;
    }

    @Override
    public Transmit transmit(Frame frame) {
        long nowNs = clock.getAsLong();
        sendDue(nowNs);
        // A frame that comes again is decided on only then.
        Transmit became = blocked ? Transmit.FULL : send(frame, nowNs);
        publish();
        return became;
    }

    private Transmit send(Frame frame, long nowNs) {
        Active now = active;
        Impairment.Direction how = now.impairment.out();
        boolean cutOff = isCutOff(frame, true);
        if (!cutOff && out.queue.size() == 0 && how.isNone()) {
            Transmit became = link.transmit(frame);
            if (became == Transmit.FULL) return became;
            out.tally.add(Tally.FRAMES);
            out.tally.add(Tally.PASSED);
            return became;
        }
        out.tally.add(Tally.FRAMES);
        if (cutOff) {
            out.tally.add(Tally.PARTITIONED);
            return Transmit.DONE;
        }
        if (isDrawn(how.loss(), now.out)) {
            out.tally.add(Tally.LOST);
            return Transmit.DONE;
        }
        Frame twin = isDrawn(how.duplicate(), now.out) ? twin(frame) : null;
        Transmit became = send(frame, how, now.out, nowNs);
        if (twin != null) {
            out.tally.add(Tally.DUPLICATED);
            if (send(twin, how, now.out, nowNs) == Transmit.DONE) twin.release();
        }
        return became;
    }

    /** Sends, queues or drops a frame: DONE or HELD. */
    private Transmit send(
            Frame frame, Impairment.Direction how, SplittableRandom random, long nowNs) {
        if (out.queue.size() >= how.limit()) {
            out.tally.add(Tally.OVERFLOWED);
            return Transmit.DONE;
        }
        Frame wrong = corrupted(frame, how, random);
        Frame going = wrong == null ? frame : wrong;
        long due = due(out, going, how, random, nowNs);
        Transmit became = Transmit.FULL;
        if (due <= nowNs && out.queue.dueNs() > nowNs) {
            became = link.transmit(going);
            if (became == Transmit.FULL) blocked = true;
            else passed(out, wrong != null);
        } else if (due > nowNs) {
            out.tally.add(Tally.DELAYED);
        }
        if (became == Transmit.FULL) {
            if (going.canBeKept()) {
                out.queue.add(going, due, wrong != null);
                became = Transmit.HELD;
            } else {
                out.tally.add(Tally.OVERFLOWED);
                became = Transmit.DONE;
            }
        }
        if (wrong == null) return became;
        if (became == Transmit.DONE) wrong.release();
        return Transmit.DONE; // with the one that it was copied from
    }

    private void sendDue(long nowNs) {
        boolean full = false;
        for (int n = 0; n < MAX_FRAMES && !full && out.queue.dueNs() <= nowNs; n++) {
            full = !sendFirst();
        }
        if (full != blocked) blocked = full;
    }

    /** False if the link is full, and the frame still the first. */
    private boolean sendFirst() {
        Frame frame = out.queue.first();
        boolean corrupted = out.queue.isFirstCorrupted();
        if (isCutOff(frame, true)) {
            out.tally.add(Tally.PARTITIONED);
            out.queue.poll().release();
            return true;
        }
        Transmit became = link.transmit(frame);
        if (became == Transmit.FULL) return false;
        out.queue.poll();
        passed(out, corrupted);
        if (became == Transmit.DONE) frame.release();
        return true;
    }

    // -- decisions

    private boolean isCutOff(Frame frame, boolean outgoing) {
        return cutOff.concerns(frame, capabilities.layer(), outgoing);
    }

    /** Draws only where the outcome is open. */
    private static boolean isDrawn(double share, SplittableRandom random) {
        return share > 0 && random.nextDouble() < share;
    }

    /** A second frame of the same bytes, or null if there can be none. */
    private static Frame twin(Frame frame) {
        Frame twin = frame.pool().take();
        if (twin.shareOf(frame)) return twin;
        twin.release();
        return null;
    }

    /** A copy with one bit wrong, or null if it was not drawn, or cannot be. */
    private Frame corrupted(Frame frame, Impairment.Direction how, SplittableRandom random) {
        if (!isDrawn(how.corrupt(), random)) return null;
        return Corruption.copyOf(frame, capabilities.layer(), random);
    }

    private static long due(
            Side side, Frame frame, Impairment.Direction how, SplittableRandom random, long nowNs) {
        long at = nowNs;
        if (how.rate() > 0) {
            long bitsNs = frame.length() * 8L * 1_000_000_000L;
            at = side.freeAtNs = Math.max(nowNs, side.freeAtNs) + bitsNs / how.rate();
        }
        if (isDrawn(how.reorder(), random)) {
            side.tally.add(Tally.REORDERED);
            return at;
        }
        long jitter = how.jitterNs();
        long delay = how.delayNs() + (jitter == 0 ? 0 : random.nextLong(-jitter, jitter + 1));
        return at + Math.max(0, delay);
    }

    /** Counted when the frame goes on, so that a receiver can have seen as many. */
    private static void passed(Side side, boolean corrupted) {
        side.tally.add(Tally.PASSED);
        if (corrupted) side.tally.add(Tally.CORRUPTED);
    }

    private void publish() {
        long next = in.queue.dueNs();
        if (!blocked) next = Math.min(next, out.queue.dueNs());
        if (next != dueNs) dueNs = next;
    }

    // -- the wait

    @Override
    public void flush() {
        link.flush();
        for (long until = awaitUntilNs; until != AWAKE; until = awaitUntilNs) {
            boolean inTime = until <= dueNs && (awaitsRoom || !blocked);
            if (inTime) return;
            if (AWAIT_UNTIL.compareAndSet(this, until, AWAKE)) {
                link.wake(); // ends this wait, or the next one
                return;
            }
        }
    }

    @Override
    public void await(long timeoutNs, boolean forTransmit) {
        long nowNs = clock.getAsLong();
        long until = timeoutNs < Long.MAX_VALUE - nowNs ? nowNs + timeoutNs : Long.MAX_VALUE;
        awaitsRoom = forTransmit;
        awaitUntilNs = until; // before we look at what the loop has set
        long due = dueNs;
        boolean room = forTransmit || blocked;
        awaitsRoom = room;
        if (due < until) awaitUntilNs = until = due;
        link.await(until == Long.MAX_VALUE ? until : Math.max(0, until - nowNs), room);
        awaitUntilNs = AWAKE;
    }

    @Override
    public void wake() {
        link.wake();
    }

    @Override
    public long dropped() {
        return link.dropped();
    }

    @Override
    public void close() {
        try {
            while (in.queue.size() > 0) in.queue.poll().release();
            sendAll();
        } finally {
            while (out.queue.size() > 0) out.queue.poll().release();
            link.close();
        }
    }

    /** As far as the link takes it: what is on its way when a host fails arrives. */
    private void sendAll() {
        try {
            while (out.queue.size() > 0 && sendFirst()) continue;
            link.flush();
        } catch (LinkFailure gone) {
            // It is what the stack has died of, and nobody is left to send to.
            System.getLogger("io.usernet").log(Level.DEBUG, "what was delayed is lost", gone);
        }
    }
}
