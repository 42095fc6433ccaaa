package io.usernet.nio.contract;

import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ScatteringByteChannel;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Operations by states: each operation is tried in each state, with the JDK's provider and with ours,
 * and must come to the same result, or fail in the same words, and leave the same state behind.
 *
 * @param <C> what is in a state: a channel with its surroundings
 */
abstract class OracleTable<C> {
    interface State<C> {
        C enter(Scene scene) throws Exception;
    }

    interface Operation<C> {
        Object on(C subject) throws Exception;
    }

    interface Call {
        void run() throws Exception;
    }

    interface Effect<C> {
        void on(C subject) throws Exception;
    }

    private final Map<String, State<C>> states = new LinkedHashMap<>();
    private final Map<String, Operation<C>> operations = new LinkedHashMap<>();
    private final Set<List<String>> noOracle = new HashSet<>(); // state and operation

    final void state(String name, State<C> state) {
        if (states.put(name, state) != null) throw new AssertionError(name);
    }

    final void operation(String name, Operation<C> operation) {
        if (operations.put(name, operation) != null) throw new AssertionError(name);
    }

    final void effect(String name, Effect<C> effect) {
        operation(
                name,
                subject -> {
                    effect.on(subject);
                    return "done";
                });
    }

    /** All that the interfaces of java.nio.channels let one do to bytes. */
    final void reads(String prefix, Function<C, ScatteringByteChannel> channel) {
        OracleArguments.buffers()
                .forEach(
                        (name, made) ->
                                operation(
                                        prefix + "read(" + name + ")",
                                        c -> {
                                            ByteBuffer dst = made.get();
                                            return tried(() -> channel.apply(c).read(dst), dst);
                                        }));
        for (OracleArguments.Range range : OracleArguments.ranges())
            operation(
                    prefix + "read(" + range.name() + ")",
                    c -> {
                        ByteBuffer[] dsts = range.buffers().get();
                        int offset = range.offset(), length = range.length();
                        return tried(() -> channel.apply(c).read(dsts, offset, length), dsts);
                    });
        operation(
                prefix + "read(whole array)",
                c -> channel.apply(c).read(new ByteBuffer[] {ByteBuffer.allocate(3)}));
    }

    final void writes(String prefix, Function<C, GatheringByteChannel> channel) {
        OracleArguments.buffers()
                .forEach(
                        (name, made) ->
                                operation(
                                        prefix + "write(" + name + ")",
                                        c -> {
                                            ByteBuffer src = made.get();
                                            return tried(() -> channel.apply(c).write(src), src);
                                        }));
        for (OracleArguments.Range range : OracleArguments.ranges())
            operation(
                    prefix + "write(" + range.name() + ")",
                    c -> {
                        ByteBuffer[] srcs = range.buffers().get();
                        int offset = range.offset(), length = range.length();
                        return tried(() -> channel.apply(c).write(srcs, offset, length), srcs);
                    });
        operation(
                prefix + "write(whole array)",
                c -> channel.apply(c).write(new ByteBuffer[] {ByteBuffer.allocate(3)}));
    }

    /** What a call came to, together with what it did to its arguments, also where it failed. */
    static Object tried(Callable<?> call, Object argument) {
        Object came;
        try {
            came = call.call();
        } catch (Exception e) {
            came = e;
        }
        return new Object[] {came, argument};
    }

    /** A call that returns nothing. */
    static Object done(Call call) throws Exception {
        call.run();
        return "done";
    }

    /** The options of a channel: of the standard, and wrong ones. */
    final void options(Function<C, NetworkChannel> channel) {
        for (SocketOption<Object> option : OracleArguments.options())
            operation(
                    "getOption " + option.name(),
                    c -> OracleArguments.untouched(option, channel.apply(c).getOption(option)));
        for (OracleArguments.Setting setting : OracleArguments.settings()) {
            SocketOption<Object> option = setting.option();
            operation(
                    "setOption " + setting,
                    c -> {
                        channel.apply(c).setOption(option, setting.value());
                        return OracleArguments.telling(option, channel.apply(c).getOption(option));
                    });
        }
        operation("getOption(null)", c -> channel.apply(c).getOption(null));
        effect("setOption(null)", c -> channel.apply(c).setOption(null, null));
        operation(
                "supportedOptions()",
                c -> OracleArguments.documented(channel.apply(c).supportedOptions()));
    }

    /** Where JDK 25 does otherwise than older ones, we follow the newer: so older ones are no oracle. */
    final void changedInJdk25(Predicate<String> states, Predicate<String> operations) {
        if (Runtime.version().feature() >= 25) return;
        for (String state : this.states.keySet())
            for (String operation : this.operations.keySet())
                if (states.test(state) && operations.test(operation))
                    noOracle.add(List.of(state, operation));
    }

    /** Whether this cell is to be the same for every provider. */
    final boolean isDecided(String state, String operation) {
        return !noOracle.contains(List.of(state, operation));
    }

    final Map<String, State<C>> states() {
        return states;
    }

    final Map<String, Operation<C>> operations() {
        return operations;
    }

    /** All that can be seen of it without changing it. */
    abstract Object[] visible(C subject) throws Exception;

    /** How a provider fares in a state, with one operation after another. */
    final String outcome(Subject provider, String state, List<String> steps) throws Exception {
        try (Scene scene = new Scene(provider)) {
            C subject = states.get(state).enter(scene);
            StringBuilder told = new StringBuilder();
            for (String step : steps) {
                try {
                    told.append(scene.tell(operations.get(step).on(subject)));
                } catch (Throwable t) {
                    told.append(scene.tell(t));
                }
                told.append("; ");
            }
            return told.append("then ").append(scene.tell(visible(subject))).toString();
        }
    }
}
