package io.usernet.tcp;

import io.usernet.buffer.Post;
import io.usernet.buffer.ReceiveQueue;
import io.usernet.buffer.SendQueue;
import io.usernet.buffer.Signals;
import io.usernet.buffer.Wakeups;
import io.usernet.frame.Memory;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * What an application's threads and the loop share of one connection: two byte queues, the options,
 * and what the loop has published of the connection's fate. Readiness is computed from these and
 * never stored.
 *
 * <p>Application side: at most one thread reads and one writes at a time; after a call that asks for
 * it, the caller posts this stream to its loop with the request bits.
 */
public final class Stream extends Post {
    /** Requests: bytes were written; the application has read; options have changed. */
    public static final int WRITTEN = 1, CONSUMED = 2, OPTIONS = 4;

    /** Requests: no more will be written; nothing more will be read; both and for good. */
    public static final int SHUTDOWN_OUTPUT = 8, SHUTDOWN_INPUT = 16, CLOSE = 32;

    /** Request: tell the writer when there is memory again ({@link SendQueue#isStarved}). */
    public static final int STARVED = 64;

    private final SendQueue send;
    private final ReceiveQueue receive;
    private final Signals signals = new Signals();

    // -- options: written by the application, read by the loop; OPTIONS is posted after a change

    /** TCP_NODELAY. */
    public volatile boolean noDelay;

    /** SO_KEEPALIVE, and its times in seconds and probes; 0: the configured ones. */
    public volatile boolean keepAlive;

    public volatile int keepIdle, keepInterval, keepCount;

    /**
     * TCP_QUICKACK: false while ACKs wait for the application's answers. The loop writes it too, as the
     * connection turns out to be interactive or not: of two that write at a time, the last one wins.
     */
    public volatile boolean quickAck = true;

    /** SO_LINGER in seconds; -1 is off, 0 makes {@link #CLOSE} an abort. */
    public volatile int linger = -1;

    /** SO_OOBINLINE: urgent bytes that come from now on are part of the stream; else they are dropped. */
    public volatile boolean oobInline;

    /** IP_TOS, 0 to 255. */
    public volatile int trafficClass;

    /** Most bytes that are received and not read yet: twice SO_RCVBUF. */
    public volatile int receiveBuffer;

    // -- published by the loop

    private volatile FourTuple tuple; // once it is connected
    private volatile boolean inputEnded; // FIN, after all bytes before it were appended
    private volatile boolean terminated; // all is sent and acknowledged, or never will be
    private volatile CloseCause cause; // the connection is gone, other than by FINs

    // -- whether the reader has to tell the loop that there is room again

    private volatile boolean windowClosed; // by the loop, before it looks at the queue once more
    private volatile int windowStep = 2 * 1460; // by the loop: what is worth telling
    private int unannounced; // reader: bytes read and not posted

    // -- the loop's

    private Connection connection;
    boolean awaitsMemory; // in the list of those whose writer does

    /**
     * @param sendBuffer most bytes that are written and not acknowledged yet: twice SO_SNDBUF
     * @param receiveBuffer most bytes that are received and not read yet: twice SO_RCVBUF
     */
    public Stream(Memory memory, int sendBuffer, int receiveBuffer) {
        this.send = new SendQueue(memory, sendBuffer);
        this.receive = new ReceiveQueue(memory);
        this.receiveBuffer = receiveBuffer;
    }

    public Signals signals() {
        return signals;
    }

    /** Any thread; the application only appends through {@link #write}. */
    public SendQueue sendQueue() {
        return send;
    }

    /** Any thread; the application only reads through {@link #read}. */
    public ReceiveQueue receiveQueue() {
        return receive;
    }

    // -- the application's side

    /**
     * Copies received bytes to {@code dst}.
     *
     * @return how many; 0 if there are none now; -1 at the end of input. A failed connection also
     *     answers 0, once its bytes are read: {@link #cause} tells it apart.
     */
    public int read(ByteBuffer dst) {
        boolean ended =
                inputEnded; // before the queue is looked at: the last bytes come before the end
        int n = receive.read(dst);
        if (n > 0) unannounced += n;
        return n == 0 && ended && dst.hasRemaining() ? -1 : n;
    }

    /** After a read: whether to post {@link #CONSUMED}, because the window can open. Reader only. */
    public boolean shouldAnnounce() {
        if (unannounced == 0) return false;
        if (unannounced < windowStep) {
            // The loop sets the flag and then looks at what was read; here, it is the other way
            // round: one of the two sees the other.
            VarHandle.fullFence();
            if (!windowClosed) return false;
        }
        unannounced = 0;
        return true;
    }

    /**
     * Copies bytes to be sent. The caller then posts {@link #WRITTEN}, also when 0 is answered and the
     * queue is closed; and {@link #STARVED} if that is so.
     *
     * @return how many; 0 if there is no room, or the connection is gone ({@link #cause})
     */
    public int write(ByteBuffer src) {
        return send.append(src);
    }

    /** As {@link #write}, of one byte, which is urgent (RFC 6093). */
    public int writeUrgent(ByteBuffer one) {
        return send.appendUrgent(one);
    }

    /** Whether a read would not block. */
    public boolean isReadable() {
        return inputEnded || cause != null || receive.available() > 0;
    }

    /** Whether a write would not block, and enough room is there for it to be worth while. */
    public boolean isWritable() {
        return tuple != null && (cause != null || send.isClosed() || send.isWritable());
    }

    /** Whether the handshake is over, and successful. */
    public boolean isConnected() {
        return tuple != null;
    }

    /** Whether the handshake is over, whatever came of it. */
    public boolean isDecided() {
        return tuple != null || cause != null;
    }

    /** The two ends once it was connected, else null. */
    public FourTuple tuple() {
        return tuple;
    }

    public boolean isInputEnded() {
        return inputEnded;
    }

    /** Why the connection is gone, or null if it isn't or ended by FINs. */
    public CloseCause cause() {
        return cause;
    }

    /** After a close: whether all was sent and acknowledged, or never will be. */
    public boolean isTerminated() {
        return terminated;
    }

    // -- the loop's side; the connection then signals whoever waits

    void attach(Connection connection) {
        this.connection = connection;
    }

    /**
     * The connection is broken and could not end itself: what remains is to tell the application.
     */
    public void fail(Wakeups wakeups) {
        if (terminated) return;
        cause = CloseCause.FAILED;
        send.close();
        terminated = true;
        signals.all(wakeups);
    }

    /** The connection that serves it, or null if it was never connected. */
    public Connection connection() {
        return connection;
    }

    void publishConnected(FourTuple tuple) {
        this.tuple = tuple;
    }

    void publishInputEnded() {
        inputEnded = true;
    }

    void publishCause(CloseCause cause) {
        this.cause = cause;
    }

    void publishTerminated() {
        terminated = true;
    }

    /** The reader posts once it has read this many bytes, or, if the window is closed, any. */
    void windowStep(int bytes) {
        windowStep = bytes;
    }

    /** The caller looks at the queue once more after it has set this. */
    void windowClosed(boolean closed) {
        windowClosed = closed;
    }

    @Override
    protected void act(int what, long nowNs) {
        if (connection != null) connection.onPosted(what, nowNs);
    }
}
