package io.usernet;

import io.usernet.config.Impairment;
import io.usernet.config.Settings;
import io.usernet.link.FrameObserver;
import io.usernet.link.LinkDevice;
import io.usernet.link.NullLink;
import io.usernet.link.wrap.Capture;
import io.usernet.link.wrap.ImpairLink;
import io.usernet.link.wrap.Trace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * What stands between a stack and its links, as the settings say:
 *
 * <pre>
 *   stack -- trace -- capture -- impairment -- link
 * </pre>
 *
 * So trace and capture show what the stack sends and receives: before the impairment on the way out, and
 * after it on the way in.
 */
final class Decorators {
    private final List<ImpairLink> impaired; // all links, or none
    private final Capture capture; // or null
    private final Trace trace; // or null

    private Decorators(List<ImpairLink> impaired, Capture capture, Trace trace) {
        this.impaired = impaired;
        this.capture = capture;
        this.trace = trace;
    }

    /**
     * Puts them in front of the links.
     *
     * @param devices each is replaced by the outermost decorator of it; where it fails, closing them
     *     closes all
     */
    static Decorators wrap(Settings settings, List<LinkDevice> devices) throws IOException {
        List<ImpairLink> impaired = impair(settings.impair(), devices);
        boolean recorded = settings.capture() != null || settings.trace() != null;
        if (recorded && devices.isEmpty()) devices.add(new NullLink());
        Capture capture = null;
        if (settings.capture() != null) {
            capture = Capture.open(settings.capture());
            devices.replaceAll(capture::wrap);
        }
        Trace trace = null;
        if (settings.trace() != null) {
            trace = Trace.open(settings.trace());
            devices.replaceAll(trace::wrap);
        }
        return new Decorators(impaired, capture, trace);
    }

    /** Puts the impairment in front of each link, if there is to be one. */
    private static List<ImpairLink> impair(Impairment impairment, List<LinkDevice> devices) {
        if (impairment == null) return List.of();
        if (devices.isEmpty()) {
            throw new IllegalArgumentException(
                    Settings.IMPAIR
                            + "="
                            + impairment
                            + ": there is no link, and the loopback is never impaired; set "
                            + Settings.LINK);
        }
        List<ImpairLink> impaired = new ArrayList<>();
        for (int i = 0; i < devices.size(); i++) {
            ImpairLink link = ImpairLink.open(devices.get(i), ofLink(i, impairment));
            if (i == 0) impairment = link.impairment(); // has a seed
            devices.set(i, link);
            impaired.add(link);
        }
        return List.copyOf(impaired);
    }

    /** The same, but drawn from another seed, so that links don't lose the same frames. */
    static Impairment ofLink(int index, Impairment impairment) {
        OptionalLong seed = impairment.seed();
        return seed.isEmpty() ? impairment : impairment.withSeed(seed.getAsLong() + index);
    }

    /**
     * The impairment of each link.
     *
     * @throws IllegalStateException if there is none
     */
    List<ImpairLink> impaired() {
        if (!impaired.isEmpty()) return impaired;
        throw new IllegalStateException(
                "this stack's links cannot be impaired: open it with "
                        + Settings.IMPAIR
                        + "=none, or Builder.impair(Impairment.NONE)");
    }

    /** Who sees the packets of the loopback; null: nobody. */
    FrameObserver observer() {
        if (capture == null) return trace;
        if (trace == null) return capture;
        return frame -> {
            capture.onFrame(frame);
            trace.onFrame(frame);
        };
    }

    /** At the end of the JVM: writes what is still to be written down. */
    void finish() {
        if (trace != null) trace.finish();
        if (capture != null) capture.finish();
    }
}
