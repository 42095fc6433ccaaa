package io.usernet.samples.apps;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

/** Ports of the kernel's loopback, where other programs are, too. */
final class Ports {
    /** Below those that the kernel gives to clients. */
    private static final int FIRST = 10_000, LAST = 30_000;

    private Ports() {}

    /**
     * So many in succession that nobody has. Tests that run at the same time look for them from
     * different ports on.
     *
     * @return the first
     */
    static int free(int count) throws IOException {
        int offset = (int) (ProcessHandle.current().pid() * 16 % (LAST - FIRST));
        for (int i = 0; i < LAST - FIRST; i += count) {
            int first = FIRST + (offset + i) % (LAST - FIRST);
            if (areFree(first, count)) return first;
        }
        throw new IOException("no " + count + " ports in succession are free");
    }

    private static boolean areFree(int first, int count) throws IOException {
        List<ServerSocket> held = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                held.add(new ServerSocket(first + i, 1, InetAddress.getLoopbackAddress()));
            }
            return true;
        } catch (IOException taken) {
            return false;
        } finally {
            for (ServerSocket socket : held) socket.close();
        }
    }
}
