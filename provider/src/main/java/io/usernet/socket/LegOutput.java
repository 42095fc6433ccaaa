package io.usernet.socket;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;

/** The output of a leg, with the failures of plain sockets. */
final class LegOutput extends OutputStream {
    private final Socket leg;
    private final OutputStream out;

    LegOutput(Socket leg) throws IOException {
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
        }
    }

    @Override
    public void close() throws IOException {
        leg.close();
    }
}
