package io.usernet.socket;

import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.ref.Cleaner;

/** Closes the legs of sockets that an application has let go of without closing them, as the JDK does. */
final class Forgotten {
    private static final Cleaner CLEANER =
            Cleaner.create(
                    run -> {
                        Thread thread = new Thread(run, "usernet-cleaner");
                        thread.setDaemon(true);
                        return thread;
                    });

    private Forgotten() {}

    /**
     * @param owner whoever blocks in the leg sees to it that this stays reachable
     * @param leg doesn't refer to the owner
     */
    static void closeWith(Object owner, Closeable leg) {
        CLEANER.register(owner, () -> close(leg));
    }

    private static void close(Closeable leg) {
        try {
            leg.close();
        } catch (IOException e) {
            System.getLogger("io.usernet")
                    .log(Level.WARNING, "a socket that nobody had closed: " + e.getMessage());
        }
    }
}
