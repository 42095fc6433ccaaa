package io.usernet.runtime;

/** Looks at the threads of the JVM from outside. Safe for use by many threads. */
final class ApplicationThreads {
    private ApplicationThreads() {}

    /** Whether a thread other than the calling one, and no daemon, {@link #runs}. */
    static boolean anyRuns() {
        ThreadGroup all = Thread.currentThread().getThreadGroup();
        while (all.getParent() != null) all = all.getParent();
        Thread[] threads = new Thread[all.activeCount() + 16]; // some that are begun meanwhile
        int n = all.enumerate(threads);
        for (int i = 0; i < n; i++) {
            Thread thread = threads[i];
            boolean counts = !thread.isDaemon() && thread != Thread.currentThread();
            if (counts && runs(thread)) return true;
        }
        return false;
    }

    /**
     * Whether a thread runs, or would if it had a processor. One that waits in the operating system, for
     * input or another process, has the state RUNNABLE too: it is in a native method, which isn't one of
     * those with which {@code java.lang} loads classes and starts threads.
     */
    static boolean runs(Thread thread) {
        if (thread.getState() != Thread.State.RUNNABLE) return false;
        StackTraceElement[] frames = thread.getStackTrace();
        if (frames.length == 0) return false;
        return !frames[0].isNativeMethod() || frames[0].getClassName().startsWith("java.lang.");
    }
}
