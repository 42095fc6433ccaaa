package io.usernet.socket;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.ref.Reference;
import java.net.Socket;

/** The output of a leg, with the failures of plain sockets. */
final class LegOutput extends OutputStream {
    private final Object owner;
    private final Socket leg;
    private final OutputStream out;

    /**
     * @param owner of the leg, which lives for as long as somebody is in here
     */
    LegOutput(Object owner, Socket leg) throws IOException {
        this.owner = owner;
        this.leg = leg;
        this.out = leg.getOutputStream();
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] b, int off, int len) throws IOException {
        try {
            out.write(b, off, len);
        } catch (IOException e) {
            throw Failures.ofWriter(leg, e);
        } finally {
            Reference.reachabilityFence(owner);
        }
    }

    @Override
    public void close() throws IOException {
        leg.close();
    }
}
