package io.usernet.link.wrap;

import io.usernet.frame.Frame;
import io.usernet.link.LinkDevice;

/** One link of a {@link Capture}. */
final class CaptureLink extends WrappedLink {
    private final Capture capture;
    private final PacketSource source;

    CaptureLink(Capture capture, LinkDevice link, PacketSource source) {
        super(link);
        this.capture = capture;
        this.source = source;
    }

    @Override
    public boolean receive(Frame into) {
        if (!super.receive(into)) return false;
        capture.add(into, source, PacketRing.IN);
        return true;
    }

    @Override
    public Transmit transmit(Frame frame) {
        Transmit became = super.transmit(frame);
        // HELD: the link may have lent it to another loop, but only we can release it.
        if (became != Transmit.FULL) capture.add(frame, source, PacketRing.OUT);
        return became;
    }

    @Override
    public void flush() {
        super.flush();
        capture.wakeUp();
    }

    @Override
    public void close() {
        try {
            super.close();
        } finally {
            capture.closed();
        }
    }
}
