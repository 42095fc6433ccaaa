package io.usernet.link.wrap;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DelayQueueTest {
    private record Expected(long due, Frame frame, boolean corrupted) {}

    private final FramePool pool = new FramePool(new Memory(4 << 20));

    /** Against a list that is sorted in a stable way. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 10, 1_000_000})
    void isInTheOrderOfTimesAndThenOfArrival(int times) {
        SplittableRandom random = new SplittableRandom(times);
        DelayQueue queue = new DelayQueue();
        List<Expected> model = new ArrayList<>();
        assertEquals(DelayQueue.NEVER, queue.dueNs());
        for (int n = 0; n < 20_000; n++) {
            if (model.isEmpty() || model.size() < 500 && random.nextInt(100) < 52) {
                Frame frame = pool.take();
                Expected e = new Expected(random.nextInt(times), frame, random.nextBoolean());
                queue.add(frame, e.due, e.corrupted);
                model.add(e);
                model.sort(Comparator.comparingLong(Expected::due));
            } else {
                Expected first = model.remove(0);
                assertEquals(first.due, queue.dueNs());
                assertEquals(first.corrupted, queue.isFirstCorrupted());
                assertEquals(first.frame, queue.first());
                assertEquals(first.frame, queue.poll());
                first.frame.release();
            }
            assertEquals(model.size(), queue.size());
        }
    }
}
