package io.usernet.runtime;

import io.usernet.buffer.Post;
import io.usernet.buffer.ThreadWaiter;
import io.usernet.buffer.Wakeups;
import io.usernet.config.StackConfig;
import io.usernet.config.Sysctl;
import io.usernet.config.Sysctls;
import io.usernet.frame.Memory;
import io.usernet.link.FrameObserver;
import io.usernet.link.LinkDevice;
import io.usernet.link.LinkEvents;
import io.usernet.link.NullLink;
import io.usernet.metrics.Counters;
import io.usernet.stack.Binding;
import io.usernet.stack.FlowQueue;
import io.usernet.stack.NetworkStack;
import io.usernet.stack.Reuse;
import io.usernet.stack.UdpBinding;
import io.usernet.tcp.Backlog;
import io.usernet.tcp.CloseCause;
import io.usernet.tcp.InitialSequence;
import io.usernet.tcp.Rfc6528Sequence;
import io.usernet.tcp.Stream;
import io.usernet.udp.UdpSocket;
import java.io.IOException;
import java.net.SocketException;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * A stack that runs: the thread-safe door through which the NIO facade reaches it. Addresses are IPv4
 * as ints, 0 the wildcard. No method may be called in the seat; none calls foreign code.
 */
public final class Engine {
    /** What became of a wait. */
    public enum Waited {
        READY,
        TIMED_OUT,
        /** The thread's interrupt status is set; it was not cleared. */
        INTERRUPTED
    }

    /** At the end of the JVM: how often it is looked at what applications do. */
    private static final long EXIT_LOOK_NS = TimeUnit.MILLISECONDS.toNanos(20);

    private final NetworkStack stack;
    private final Loop loop;
    private final AtomicBoolean closing = new AtomicBoolean();

    private Engine(NetworkStack stack, Loop loop) {
        this.stack = stack;
        this.loop = loop;
    }

    /**
     * Starts a stack, with a thread of its own that waits on the link.
     *
     * @param link taken over: closed with the stack; null: the loopback alone
     * @param name of the thread
     */
    public static Engine open(StackConfig config, LinkDevice link, String name) {
        return open(config, link == null ? List.of() : List.of(link), null, name);
    }

    /**
     * The same with any number of links.
     *
     * @param links each with the addresses at the same place of the configuration
     * @param observer sees the frames of the loopback, in the seat; null: nobody
     */
    public static Engine open(
            StackConfig config,
            List<? extends LinkDevice> links,
            FrameObserver observer,
            String name) {
        SecureRandom random = new SecureRandom();
        InitialSequence isn = new Rfc6528Sequence(random.nextLong(), random.nextLong());
        Memory memory = new Memory(config.memory());
        NetworkStack stack =
                new NetworkStack(config, links, observer, memory, isn, random.nextLong());
        long startNs = System.nanoTime();
        LongSupplier clock = () -> System.nanoTime() - startNs;
        LinkEvents events =
                switch (links.size()) {
                    case 0 -> new NullLink();
                    case 1 -> links.get(0);
                    default -> new LinkGroup(links, stack::isTransmitBlocked, name);
                };
        Loop loop = new Loop(name, stack, events, clock, config.inline());
        loop.start();
        return new Engine(stack, loop);
    }

    /** The name of its thread. */
    public String name() {
        return loop.name();
    }

    /** A stream that isn't connected, with buffers of the configured sizes. */
    public Stream newStream() {
        int sendBuffer = (int) sysctls().get(Sysctl.TCP_WMEM, 1);
        int receiveBuffer = (int) sysctls().get(Sysctl.TCP_RMEM, 1);
        return new Stream(stack.memory(), sendBuffer, receiveBuffer);
    }

    public Sysctls sysctls() {
        return stack.config().sysctls();
    }

    public StackConfig config() {
        return stack.config();
    }

    public Counters counters() {
        return stack.counters();
    }

    public Memory memory() {
        return stack.memory();
    }

    /** Whether an address is one of the stack's own, the wildcard, or in 127.0.0.0/8. */
    public boolean isLocal(int address) {
        return address == 0 || stack.addresses().isLocal(address);
    }

    /** Whether there is a route to an address. Any thread. */
    public boolean hasRoute(int address) {
        return stack.routes().lookup(address) != null;
    }

    /**
     * Whether a connection from this host to one of its own addresses and a port would find a listener.
     *
     * @throws IOException if the stack is closed
     */
    public boolean isListening(int address, int port) throws IOException {
        return ask(asked -> asked.isListening(address, port));
    }

    /**
     * Whether a datagram from this host to one of its own addresses and a port would find a socket that
     * receives from everybody, or is connected to the sender.
     *
     * @param from address of the sender; 0: the one that the stack would choose
     * @param fromPort port of the sender; 0: it has none yet
     * @throws IOException if the stack is closed
     */
    public boolean isReceiving(int address, int port, int from, int fromPort) throws IOException {
        return ask(asked -> asked.isReceiving(address, port, from, fromPort));
    }

    /**
     * A number that changes after {@link #isReceiving} may have come to answer differently. Any thread,
     * and no command.
     */
    public int receiversVersion() {
        return stack.receiversVersion();
    }

    /** Whether the stack is open. */
    public boolean isOpen() {
        return !closing.get() && loop.failure() == null;
    }

    /**
     * For whoever finds that the stack has gone: gives the exception that he throws the cause that the
     * stack died of, such as a {@link io.usernet.link.LinkFailure}, unless it was closed in good order.
     */
    public <E extends IOException> E because(E thrown) {
        Throwable cause = loop.cause();
        if (cause != null && !(cause instanceof Loop.Closed)) thrown.initCause(cause);
        return thrown;
    }

    /** What a channel throws when the stack has gone. */
    public IOException closed() {
        return because(new IOException(CloseCause.STACK_CLOSED.message()));
    }

    /**
     * Reserves a local address and port for a TCP socket.
     *
     * @param port 0: one of ip_local_port_range
     * @throws java.net.BindException "Address already in use" or "Cannot assign requested address"
     * @throws IOException if the stack is closed
     */
    public Binding bind(int address, int port, Reuse reuse) throws IOException {
        return call(nowNs -> stack.bind(address, port, reuse));
    }

    /** Gives a reservation up that is not listened on, or no longer connected from. Never waits. */
    public void release(Binding binding) {
        post(binding, Binding.RELEASE);
    }

    /**
     * Begins to connect. The stream's signals tell when {@link Stream#isDecided}.
     *
     * @param binding null: an address by the route, and a port of ip_local_port_range
     * @param address 0: this host, as on Linux
     * @return the local binding: the one given, or the new one, which connect's caller releases when
     *     the stream is closed
     * @throws java.net.SocketException "Network is unreachable" if there is no route; "Invalid
     *     argument" from a loopback address to the link
     * @throws java.net.BindException "Cannot assign requested address" where all ports to that
     *     destination are in use, or the binding's is
     * @throws IOException if the stack is closed
     */
    public Binding connect(Stream stream, Binding binding, int address, int port)
            throws IOException {
        return call(nowNs -> stack.connect(stream, binding, address, port));
    }

    /**
     * Begins to listen.
     *
     * @param backlog most connections that wait to be accepted; below 1: 50; at most somaxconn
     * @param receiveBuffer SO_RCVBUF of accepted connections, bytes; 0: as configured
     * @throws java.net.BindException "Address already in use" if another socket listens there
     * @throws IOException if the stack is closed
     */
    public Backlog listen(Binding binding, int backlog, int receiveBuffer) throws IOException {
        return call(nowNs -> stack.listen(binding, backlog, receiveBuffer));
    }

    // -- UDP

    /** A UDP socket without an address, with buffers of the configured sizes. */
    public UdpSocket newUdpSocket() {
        return stack.newUdpSocket();
    }

    /**
     * Reserves a local address and port for a UDP socket, which receives from now on. Released by
     * {@link UdpSocket#CLOSE}.
     *
     * @param address one of the stack's own, a broadcast address of its networks, or 0
     * @param port 0: one of ip_local_port_range
     * @throws java.net.BindException "Address already in use" or "Cannot assign requested address"
     * @throws IOException if the stack is closed
     */
    public Binding bind(UdpSocket socket, int address, int port, Reuse reuse) throws IOException {
        return call(nowNs -> stack.bind(socket, address, port, reuse));
    }

    /**
     * Has a UDP socket receive from this peer alone, and hear of errors. What it has received so far is
     * dropped, as the JDK does. Again with another peer is fine. The caller excludes other threads that
     * receive.
     *
     * @param address 0: this host, as on Linux
     * @param broadcast SO_BROADCAST
     * @return the addresses; the binding is new if the socket was not bound
     * @throws SocketException "Network is unreachable" if there is no route; "Invalid argument" from a
     *     loopback address to the link
     * @throws java.net.BindException "Permission denied" for a broadcast address without SO_BROADCAST;
     *     "Address already in use" where all ports are
     * @throws IOException if the stack is closed
     */
    public UdpBinding connect(UdpSocket socket, int address, int port, boolean broadcast)
            throws IOException {
        long[] before = new long[1];
        UdpBinding ends =
                call(
                        nowNs -> {
                            UdpBinding connected = stack.connect(socket, address, port, broadcast);
                            before[0] = socket.endpoint().received();
                            return connected;
                        });
        socket.dropBefore(before[0]);
        return ends;
    }

    /**
     * Has a connected UDP socket receive from everybody again, at the address it was bound to; its port
     * stays.
     *
     * @throws IOException if the stack is closed
     */
    public void disconnect(UdpSocket socket) throws IOException {
        call(
                nowNs -> {
                    stack.disconnect(socket);
                    return null;
                });
    }

    /**
     * Whether a datagram can be sent to an address, and from which one; no command, any thread.
     *
     * @param bound the socket's own address, or 0
     * @param address the destination; 0: this host
     * @param length bytes of payload
     * @param broadcast SO_BROADCAST
     * @param dontFragment whether it must fit the route's MTU
     * @return the source address for {@link UdpSocket#send}
     * @throws SocketException "Message too long", "Network is unreachable", "Invalid argument" from a
     *     loopback address to the link; as BindException "Permission denied" for a broadcast address
     *     without SO_BROADCAST
     */
    public int source(int bound, int address, int length, boolean broadcast, boolean dontFragment)
            throws SocketException {
        return stack.source(bound, address, length, broadcast, dontFragment);
    }

    /** The same for a datagram that may be cut. */
    public int source(int bound, int address, int length, boolean broadcast)
            throws SocketException {
        return source(bound, address, length, broadcast, false);
    }

    /**
     * From now on SYNs to where nobody listens are not answered, but offered to whoever polls the
     * queue: once in the life of a stack.
     *
     * @throws IOException if the stack is closed
     */
    public FlowQueue forwardFlows() throws IOException {
        return call(nowNs -> stack.forwardFlows());
    }

    /** Posts; where the stack is dead nothing happens: the stream's cause says so. Never throws. */
    public void post(Post post, int what) {
        loop.tryPost(post, what);
    }

    /**
     * Asks the stack something and waits for the answer, for views of it.
     *
     * @param question run in the seat: brief, and without foreign code
     * @throws IOException if the stack is closed
     */
    public <T> T ask(Function<NetworkStack, T> question) throws IOException {
        return call(nowNs -> question.apply(stack));
    }

    private interface Task<T> {
        T run(long nowNs) throws IOException;
    }

    private <T> T call(Task<T> task) throws IOException {
        return new Command<T>() {
            @Override
            protected T run(long nowNs) throws IOException {
                return task.run(nowNs);
            }

            @Override
            protected Wakeups wakeups() {
                return stack.wakeups();
            }
        }.call(loop);
    }

    /**
     * Closes the stack: first as if every socket were closed, until all that was written is delivered
     * or the time is over; then at once. Peers see a FIN or a RST. Waiters hear {@code STACK_CLOSED}.
     * Returns when the link is closed and the thread has ended. Closing again waits for that too.
     *
     * @param drainNs 0: at once
     */
    public void close(long drainNs) {
        boolean interrupted = false;
        if (closing.compareAndSet(false, true)) {
            try {
                if (drainNs > 0) interrupted = drain(drainNs);
                call(
                        nowNs -> {
                            loop.stop(new Loop.Closed());
                            return null;
                        });
            } catch (IOException e) {
                // The stack has died before, or of this: what it died of is logged by its thread.
                assert loop.failure() != null : e;
            }
        }
        while (true) {
            try {
                loop.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }

    /** Waits until everything is delivered; answers whether the thread was interrupted meanwhile. */
    private boolean drain(long drainNs) throws IOException {
        return drain(NetworkStack::drain, System.nanoTime() + drainNs);
    }

    private interface Drain {
        void begin(NetworkStack stack, ThreadWaiter waiter, AtomicBoolean done);
    }

    private boolean drain(Drain how, long deadlineNs) throws IOException {
        ThreadWaiter waiter = new ThreadWaiter();
        AtomicBoolean delivered = new AtomicBoolean();
        call(
                nowNs -> {
                    how.begin(stack, waiter, delivered);
                    return null;
                });
        boolean interrupted = false;
        while (await(waiter, delivered::get, deadlineNs) == Waited.INTERRUPTED) {
            interrupted |= Thread.interrupted(); // it has to be let finish
        }
        return interrupted;
    }

    /**
     * For the end of the JVM: sees to it that what applications have written is delivered, and that
     * peers see its end, without disturbing anybody: channels stay as they are, so that no thread
     * fails in its last moments, and shutdown hooks of the application, which run at the same time,
     * can go on for as long as they make progress: see {@link QuietPeriod}.
     *
     * @param limitNs most time it may take
     */
    public void drainAtExit(long limitNs) {
        long deadlineNs = System.nanoTime() + limitNs;
        try {
            awaitQuiet(deadlineNs);
            if (limitNs > 0) drain(NetworkStack::drainOutput, deadlineNs);
        } catch (IOException e) {
            assert loop.failure() != null : e; // closed, or dead: there is nothing to deliver
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitQuiet(long deadlineNs) throws IOException, InterruptedException {
        long progress = ask(NetworkStack::progress);
        QuietPeriod quiet = new QuietPeriod(progress, System.nanoTime());
        while (progress != 0) {
            long leftNs = deadlineNs - System.nanoTime();
            if (leftNs <= 0) return;
            TimeUnit.NANOSECONDS.sleep(Math.min(EXIT_LOOK_NS, leftNs));
            progress = ask(NetworkStack::progress);
            boolean full = ask(NetworkStack::lacksRoom);
            boolean running = ApplicationThreads.anyRuns();
            if (quiet.isOver(progress, full, running, System.nanoTime())) return;
        }
    }

    /**
     * Parks the calling thread until {@code ready}, the deadline, or an interrupt. Works for virtual
     * threads. Callers exclude one another by the waiter's channel lock.
     *
     * @param deadlineNs in System.nanoTime(), or Long.MAX_VALUE
     */
    public static Waited await(ThreadWaiter waiter, BooleanSupplier ready, long deadlineNs) {
        waiter.own();
        try {
            while (true) {
                waiter.prepare();
                if (ready.getAsBoolean()) return Waited.READY;
                if (Thread.currentThread().isInterrupted()) return Waited.INTERRUPTED;
                if (deadlineNs == Long.MAX_VALUE) {
                    LockSupport.park(waiter);
                } else {
                    long left = deadlineNs - System.nanoTime();
                    if (left <= 0) return Waited.TIMED_OUT;
                    LockSupport.parkNanos(waiter, left);
                }
            }
        } finally {
            waiter.disown();
        }
    }
}
