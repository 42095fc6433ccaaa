package io.usernet.nio.contract;

import java.io.IOException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.Arrays;
import java.util.function.Function;

/** Every public method of both ends of a pipe, in every state of it. */
final class PipeTable extends OracleTable<PipeTable.Case> {
    /** A pipe. */
    record Case(Scene scene, Pipe.SourceChannel source, Pipe.SinkChannel sink) {}

    PipeTable() {
        for (boolean blocking : new boolean[] {true, false}) {
            String mode = blocking ? ", blocking" : ", non-blocking";
            state("bytes inside" + mode, scene -> filled(scene, blocking));
            state(
                    "sink closed" + mode,
                    scene -> {
                        Case made = open(scene, blocking);
                        made.sink().close();
                        return made;
                    });
            state(
                    "sink closed, bytes inside" + mode,
                    scene -> {
                        Case made = filled(scene, blocking);
                        made.sink().close();
                        return made;
                    });
            state(
                    "source closed" + mode,
                    scene -> {
                        Case made = filled(scene, blocking);
                        made.source().close();
                        return made;
                    });
        }
        state("empty", scene -> open(scene, false));
        reads("source.", Case::source);
        writes("sink.", Case::sink);
        end("source.", Case::source);
        end("sink.", Case::sink);

        changedInJdk25(
                state -> state.contains("closed") && state.endsWith(", blocking"),
                operation -> operation.matches("source.read.*|sink.write.*"));
    }

    private static Case open(Scene scene, boolean blocking) throws IOException {
        Pipe pipe = scene.subject.provider().openPipe();
        Case made = new Case(scene, scene.closing(pipe.source()), scene.closing(pipe.sink()));
        made.source().configureBlocking(blocking);
        made.sink().configureBlocking(blocking);
        return made;
    }

    private static Case filled(Scene scene, boolean blocking) throws IOException {
        Case made = open(scene, blocking);
        made.sink().write(NioContract.ascii("hello"));
        return made;
    }

    private void end(String end, Function<Case, SelectableChannel> channel) {
        effect(end + "close()", c -> channel.apply(c).close());
        for (boolean block : new boolean[] {true, false})
            operation(
                    end + "configureBlocking(" + block + ")",
                    c -> channel.apply(c).configureBlocking(block));
        for (int ops : new int[] {0, SelectionKey.OP_READ, SelectionKey.OP_WRITE})
            operation(end + "register(" + ops + ")", c -> register(c, channel.apply(c), ops));
    }

    private static Object register(Case c, SelectableChannel channel, int ops) throws IOException {
        Selector selector = c.scene().closing(c.scene().subject.provider().openSelector());
        SelectionKey key = channel.register(selector, ops);
        return Arrays.asList(selector.selectNow(), key.readyOps(), key.interestOps());
    }

    @Override
    Object[] visible(Case c) {
        return new Object[] {
            "source", c.source().isOpen(), c.source().isBlocking(), c.source().isRegistered(),
            "sink", c.sink().isOpen(), c.sink().isBlocking(), c.sink().isRegistered(),
            "validOps", c.source().validOps(), c.sink().validOps()
        };
    }
}
