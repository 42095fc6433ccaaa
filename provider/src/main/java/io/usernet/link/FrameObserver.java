package io.usernet.link;

import io.usernet.frame.Frame;

/** Sees frames go by, such as those of the loopback; a trace and a capture do. */
public interface FrameObserver {
    /**
     * A frame goes by. In the seat: takes no lock, allocates nothing, and changes nothing of it.
     *
     * @param frame begins with its IP header
     */
    void onFrame(Frame frame);
}
