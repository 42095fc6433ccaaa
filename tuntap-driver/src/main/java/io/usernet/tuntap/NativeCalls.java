package io.usernet.tuntap;

import java.io.IOException;

/**
 * How the driver calls Linux in this JVM: from JDK 24 on by the JDK's own foreign-function API, before that
 * by the jnr libraries. JDK 24 is where the JDK begins to warn about what jnr does, and jnr's classes are
 * not even loaded there; until JDK 21 there is no API that doesn't change.
 */
record NativeCalls(Syscalls sys, UnixSockets sockets) {
    private static final int WARNS = 24;

    /**
     * Binds the C library, once.
     *
     * @throws IOException if it cannot be called, in one line for the user
     */
    static NativeCalls get() throws IOException {
        return Runtime.version().feature() >= WARNS ? foreign() : jnr();
    }

    static NativeCalls jnr() throws IOException {
        return new NativeCalls(JnrSyscalls.get(), new JnrUnixSockets());
    }

    /** On JDK 22 or later. */
    static NativeCalls foreign() throws IOException {
        try {
            // Asked first: a class whose initialiser was refused would stay as it is.
            ForeignFunction.of("getpid", int.class);
            Syscalls sys = ForeignSyscalls.INSTANCE;
            return new NativeCalls(sys, new SyscallUnixSockets(sys));
        } catch (IllegalCallerException e) {
            throw new IOException(
                    "the JVM was told to refuse native calls: add --enable-native-access="
                            + nameInFlags(NativeCalls.class.getModule())
                            + " to its command line",
                    e);
        } catch (LinkageError | RuntimeException e) {
            throw new IOException(
                    "the C library cannot be called by the JDK's foreign-function API ("
                            + firstLine(e)
                            + "): use the JDK that is made for this machine",
                    e);
        }
    }

    private static String nameInFlags(Module module) {
        return module.isNamed() ? module.getName() : "ALL-UNNAMED";
    }

    /** Of what is at the bottom of a failure. */
    static String firstLine(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) root = root.getCause();
        return String.valueOf(root).lines().findFirst().orElse("");
    }
}
