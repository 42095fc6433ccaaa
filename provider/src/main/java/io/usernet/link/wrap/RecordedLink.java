package io.usernet.link.wrap;

import io.usernet.frame.Frame;
import io.usernet.link.LinkDevice;

/** One link of a {@link Capture} or a {@link Trace}. */
final class RecordedLink extends WrappedLink {
    /** Where the packets of links go. */
    interface Recorder {
        /** In the turn. */
        void add(Frame frame, PacketSource source, byte direction);

        /** After a turn. */
        void wakeUp();

        /** A link was closed. */
        void closed();
    }

    private final Recorder recorder;
    private final PacketSource source;

    RecordedLink(Recorder recorder, LinkDevice link, PacketSource source) {
        super(link);
        this.recorder = recorder;
        this.source = source;
    }

    @Override
    public boolean receive(Frame into) {
        if (!super.receive(into)) return false;
        recorder.add(into, source, PacketRing.IN);
        return true;
    }

    @Override
    public Transmit transmit(Frame frame) {
        Transmit became = super.transmit(frame);
        // HELD: the link may have lent it to another loop, but only we can release it.
        if (became != Transmit.FULL) recorder.add(frame, source, PacketRing.OUT);
        return became;
    }

    @Override
    public void flush() {
        super.flush();
        recorder.wakeUp();
    }

    @Override
    public void close() {
        try {
            super.close();
        } finally {
            recorder.closed();
        }
    }
}
