package io.usernet.buffer;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** The posts of a loop: many threads push, the loop drains, in the order of pushing. No allocation. */
public final class Inbox {
    private static final VarHandle TOP;

    static {
        try {
            TOP = MethodHandles.lookup().findVarHandle(Inbox.class, "top", Post.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile Post top; // newest first
    private Post taken; // oldest first; loop only

    /** Any thread. The poster must then see to it that the loop runs. */
    public void post(Post post, int what) {
        if (!post.request(what)) return;
        Post seen;
        do {
            seen = top;
            post.next = seen;
        } while (!TOP.compareAndSet(this, seen, post));
    }

    /** Takes the oldest post off, or answers null; in the loop. The caller then calls its {@link Post#perform}. */
    public Post poll() {
        if (taken == null && !fetch()) return null;
        Post post = taken;
        taken = post.next;
        post.next = null;
        return post;
    }

    /**
     * Lets at most {@code limit} posts act; in the loop.
     *
     * @return whether some are left
     */
    public boolean drain(int limit, long nowNs) {
        for (int n = 0; n < limit; n++) {
            Post post = poll();
            if (post == null) return false;
            post.perform(nowNs);
        }
        return !isEmpty();
    }

    /** Whether nothing waits; exact in the loop, a snapshot elsewhere. */
    public boolean isEmpty() {
        return taken == null && top == null;
    }

    private boolean fetch() {
        Post newestFirst = (Post) TOP.getAndSet(this, null);
        while (newestFirst != null) {
            Post older = newestFirst.next;
            newestFirst.next = taken;
            taken = newestFirst;
            newestFirst = older;
        }
        return taken != null;
    }
}
