package io.usernet.buffer;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Something that other threads can ask the loop to look at. Requests are bits; asking again before
 * the loop looked costs one atomic OR and no second queue entry.
 */
public abstract class Post {
    private static final VarHandle FLAGS;

    static {
        try {
            FLAGS = MethodHandles.lookup().findVarHandle(Post.class, "flags", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused") // by FLAGS
    private volatile int flags;

    Post next; // of the inbox: written by the poster before it is pushed, then by the loop

    /** Adds a request; true if the poster must now push this to the inbox. */
    final boolean request(int what) {
        return (int) FLAGS.getAndBitwiseOr(this, what) == 0;
    }

    /** Takes all requests. The loop calls it after it has unlinked this and before it acts. */
    final int take() {
        return (int) FLAGS.getAndSet(this, 0);
    }

    /** Takes all requests and does them; in the loop, after this was taken off the inbox. */
    public final void perform(long nowNs) {
        act(take(), nowNs);
    }

    /** Does what was requested; in the loop. */
    protected abstract void act(int what, long nowNs);
}
