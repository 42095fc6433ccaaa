package io.usernet.buffer;

import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Those who wait for one endpoint: at most one blocked reader (or acceptor), at most one blocked
 * writer (or connector), and any number of interests.
 */
public final class Signals {
    private static final Interest[] NONE = {};

    private volatile ThreadWaiter reader, writer; // made by the application when it first blocks
    private volatile Interest[] interests =
            NONE; // replaced as a whole, under this object's monitor

    /** The place of a thread that waits for input; callers exclude one another. */
    public ThreadWaiter reader() {
        ThreadWaiter w = reader;
        return w != null ? w : (reader = new ThreadWaiter());
    }

    /** The place of a thread that waits for room, or for the connection; callers exclude one another. */
    public ThreadWaiter writer() {
        ThreadWaiter w = writer;
        return w != null ? w : (writer = new ThreadWaiter());
    }

    /** Any thread outside of the seat. The caller then computes readiness once itself. */
    public synchronized void add(Interest interest) {
        Interest[] more = Arrays.copyOf(interests, interests.length + 1);
        more[interests.length] = interest;
        interests = more;
    }

    /** Any thread outside of the seat. */
    public synchronized void remove(Interest interest) {
        Interest[] now = interests;
        for (int i = 0; i < now.length; i++) {
            if (now[i] != interest) continue;
            Interest[] fewer = new Interest[now.length - 1];
            System.arraycopy(now, 0, fewer, 0, i);
            System.arraycopy(now, i + 1, fewer, i, fewer.length - i);
            interests = fewer.length == 0 ? NONE : fewer;
            return;
        }
    }

    /** Whether some interest wants to hear of changes; any thread. */
    public boolean isWatched() {
        return interests != NONE;
    }

    /** In the loop, after input, an end of input or a failure was published. */
    public void readable(Wakeups wakeups) {
        VarHandle.fullFence(); // what was published comes before the look at who waits
        signal(reader, wakeups);
        changed(wakeups);
    }

    /** In the loop, after room, a connection or a failure was published. */
    public void writable(Wakeups wakeups) {
        VarHandle.fullFence(); // what was published comes before the look at who waits
        signal(writer, wakeups);
        changed(wakeups);
    }

    /** In the loop, after something was published that ends all waiting. */
    public void all(Wakeups wakeups) {
        VarHandle.fullFence(); // what was published comes before the look at who waits
        signal(reader, wakeups);
        signal(writer, wakeups);
        changed(wakeups);
    }

    private static void signal(ThreadWaiter waiter, Wakeups wakeups) {
        if (waiter != null) waiter.signal(wakeups);
    }

    private void changed(Wakeups wakeups) {
        for (Interest interest : interests) interest.changed(wakeups);
    }
}
