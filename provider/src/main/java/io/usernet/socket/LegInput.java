package io.usernet.socket;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;

/** The input of a leg, with the failures of plain sockets. */
final class LegInput extends InputStream {
    private final Socket leg;
    private final InputStream in;

    LegInput(Socket leg) throws IOException {
        this.leg = leg;
        this.in = leg.getInputStream();
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] b, int off, int len) throws IOException {
        try {
            return in.read(b, off, len);
        } catch (IOException e) {
            throw Failures.unlessInterrupted(leg.isClosed(), Failures.of(e));
        }
    }

    @Override
    public int available() throws IOException {
        try {
            return in.available();
        } catch (IOException e) {
            throw Failures.of(e);
        }
    }

    @Override
    public void close() throws IOException {
        leg.close();
    }
}
