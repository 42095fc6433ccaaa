package io.usernet.nio.contract;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Set;

/** Every public method of Selector, of SelectionKey and of the key sets, in every state of a key. */
final class SelectorTable extends OracleTable<SelectorTable.Case> {
    /** A selector with the key of a pipe's source, and an empty selector. */
    record Case(
            Scene scene,
            Selector selector,
            SelectionKey key,
            Pipe pipe,
            Set<SelectionKey> keys,
            Set<SelectionKey> selected,
            Selector empty) {}

    private interface Change {
        void on(Case made) throws IOException;
    }

    SelectorTable() {
        keyed("idle", made -> {});
        keyed("no interest", made -> made.key().interestOps(0));
        keyed("ready", SelectorTable::fill);
        keyed(
                "selected",
                made -> {
                    fill(made);
                    made.selector().selectNow();
                });
        keyed(
                "selected, no longer ready",
                made -> {
                    fill(made);
                    made.selector().selectNow();
                    made.pipe().source().read(ByteBuffer.allocate(9));
                });
        keyed("woken", made -> made.selector().wakeup());
        keyed("cancelled", made -> made.key().cancel());
        keyed(
                "cancelled while selected",
                made -> {
                    fill(made);
                    made.selector().selectNow();
                    made.key().cancel();
                });
        keyed(
                "flushed",
                made -> {
                    made.key().cancel();
                    made.selector().selectNow();
                });
        keyed("channel closed", made -> made.pipe().source().close());
        keyed("selector closed", made -> made.selector().close());
        keyed(
                "selector closed while selected",
                made -> {
                    fill(made);
                    made.selector().selectNow();
                    made.selector().close();
                });
        selectorOperations();
        selectOperations();
        keyOperations();
        setOperations();
    }

    private static void fill(Case made) throws IOException {
        made.pipe().sink().write(NioContract.ascii("hello"));
    }

    private void keyed(String name, Change change) {
        state(
                name,
                scene -> {
                    Selector selector = scene.closing(scene.subject.provider().openSelector());
                    Pipe pipe = scene.subject.provider().openPipe();
                    scene.closing(pipe.sink());
                    scene.closing(pipe.source()).configureBlocking(false);
                    SelectionKey key = pipe.source().register(selector, SelectionKey.OP_READ, "it");
                    Case made =
                            new Case(
                                    scene,
                                    selector,
                                    key,
                                    pipe,
                                    selector.keys(),
                                    selector.selectedKeys(),
                                    scene.closing(scene.subject.provider().openSelector()));
                    change.on(made);
                    return made;
                });
    }

    private void selectorOperations() {
        operation("isOpen()", c -> c.selector().isOpen());
        operation("provider()", c -> c.selector().provider() == c.scene().subject.provider());
        operation("wakeup()", c -> c.selector().wakeup() == c.selector());
        operation("keys() same", c -> c.selector().keys() == c.keys());
        operation("selectedKeys() same", c -> c.selector().selectedKeys() == c.selected());
        effect("close()", c -> c.selector().close());
        operation("register again", c -> register(c, SelectionKey.OP_READ, "that"));
        operation("register again without interest", c -> register(c, 0, null));
        operation("register again wrongly", c -> register(c, SelectionKey.OP_WRITE, null));
        operation(
                "register elsewhere",
                c -> c.pipe().source().register(c.empty(), SelectionKey.OP_READ).isValid());
        operation(
                "register, closed elsewhere",
                c -> {
                    c.empty().close();
                    return c.pipe().source().register(c.empty(), SelectionKey.OP_READ);
                });
        operation("register(null)", c -> c.pipe().source().register(null, SelectionKey.OP_READ));
        operation("keyFor", c -> c.pipe().source().keyFor(c.selector()) == c.key());
        operation("keyFor empty", c -> c.pipe().source().keyFor(c.empty()));
        operation("configureBlocking(true)", c -> c.pipe().source().configureBlocking(true));
        operation(
                "unconnected socket",
                c -> {
                    SocketChannel channel =
                            c.scene().closing(c.scene().subject.provider().openSocketChannel());
                    channel.configureBlocking(false);
                    return channel.register(c.selector(), SelectionKey.OP_ACCEPT);
                });
    }

    private static Object register(Case c, int ops, Object attachment) throws IOException {
        SelectionKey key = c.pipe().source().register(c.selector(), ops, attachment);
        return Arrays.asList(key == c.key(), key.attachment(), key.interestOps());
    }

    private void selectOperations() {
        operation("selectNow()", c -> c.selector().selectNow());
        operation("select(1)", c -> c.selector().select(1));
        operation("select(-1)", c -> c.selector().select(-1));
        operation(
                "selectNow() twice",
                c -> List.of(c.selector().selectNow(), c.selector().selectNow()));
        operation("select(woken)", c -> c.selector().wakeup().select());
        operation(
                "select(interrupted)",
                c -> {
                    Thread.currentThread().interrupt();
                    try {
                        return c.selector().select();
                    } finally {
                        Thread.interrupted();
                    }
                });
        operation("selectNow(action)", c -> given(c, 0));
        operation("select(action, 1)", c -> given(c, 1));
        operation("select(action, -1)", c -> given(c, -1));
        operation("select(null)", c -> c.selector().select(null));
        operation("select(null, -1)", c -> c.selector().select(null, -1));
        operation("selectNow(null)", c -> c.selector().selectNow(null));
        operation(
                "select(failing action, 1)",
                c ->
                        c.selector()
                                .select(
                                        key -> {
                                            throw new IllegalStateException("the action's");
                                        },
                                        1));
        operation(
                "select(cancelling action, 1)",
                c ->
                        List.of(
                                c.selector().select(SelectionKey::cancel, 1),
                                c.selector().selectNow()));
        operation(
                "select(selecting action, 1)",
                c ->
                        c.selector()
                                .select(
                                        key -> {
                                            try {
                                                c.selector().selectNow();
                                            } catch (IOException e) {
                                                throw new AssertionError(e);
                                            }
                                        },
                                        1));
    }

    private static Object given(Case c, long timeout) throws IOException {
        List<Object> given = new ArrayList<>();
        int n =
                timeout == 0
                        ? c.selector().selectNow(key -> given.add(key.readyOps()))
                        : c.selector().select(key -> given.add(key.readyOps()), timeout);
        given.add(n);
        return given;
    }

    private void keyOperations() {
        operation("key.isValid()", c -> c.key().isValid());
        operation("key.interestOps()", c -> c.key().interestOps());
        operation("key.readyOps()", c -> c.key().readyOps());
        for (int ops : new int[] {0, SelectionKey.OP_READ, SelectionKey.OP_WRITE, -1}) {
            operation("key.interestOps(" + ops + ")", c -> c.key().interestOps(ops).interestOps());
            operation("key.interestOpsOr(" + ops + ")", c -> was(c, c.key().interestOpsOr(ops)));
            operation("key.interestOpsAnd(" + ops + ")", c -> was(c, c.key().interestOpsAnd(ops)));
        }
        operation("key.isReadable()", c -> c.key().isReadable());
        operation("key.isWritable()", c -> c.key().isWritable());
        operation("key.isAcceptable()", c -> c.key().isAcceptable());
        operation("key.isConnectable()", c -> c.key().isConnectable());
        operation("key.channel()", c -> c.key().channel() == c.pipe().source());
        operation("key.selector()", c -> c.key().selector() == c.selector());
        operation("key.attachment()", c -> c.key().attachment());
        operation("key.attach", c -> Arrays.asList(c.key().attach("new"), c.key().attach(null)));
        effect("key.cancel()", c -> c.key().cancel());
        effect(
                "key.cancel() twice, flushed",
                c -> {
                    c.key().cancel();
                    c.key().cancel();
                    c.selector().selectNow();
                });
    }

    private static Object was(Case c, int before) {
        return List.of(before, c.key().interestOps());
    }

    private void setOperations() {
        operation("keys.size()", c -> c.keys().size());
        operation("keys.contains", c -> c.keys().contains(c.key()));
        operation("keys.add", c -> c.keys().add(c.key()));
        operation("keys.remove", c -> c.keys().remove(c.key()));
        effect("keys.clear()", c -> c.keys().clear());
        effect("keys.iterator().remove()", c -> removeFirst(c.keys()));
        operation("keys.removeIf", c -> c.keys().removeIf(key -> true));
        operation("selected.size()", c -> c.selected().size());
        operation("selected.isEmpty()", c -> c.selected().isEmpty());
        operation("selected.contains", c -> c.selected().contains(c.key()));
        operation("selected.contains(null)", c -> c.selected().contains(null));
        operation("selected.contains(other)", c -> c.selected().contains("it"));
        operation("selected.add", c -> c.selected().add(c.key()));
        operation("selected.add(null)", c -> c.selected().add(null));
        operation("selected.addAll", c -> c.selected().addAll(List.of(c.key())));
        operation("selected.addAll(none)", c -> c.selected().addAll(List.of()));
        operation("selected.remove", c -> c.selected().remove(c.key()));
        operation("selected.remove(null)", c -> c.selected().remove(null));
        operation("selected.removeAll", c -> c.selected().removeAll(Set.of(c.key())));
        operation("selected.retainAll(none)", c -> c.selected().retainAll(Set.of()));
        operation("selected.retainAll", c -> c.selected().retainAll(Set.of(c.key())));
        operation("selected.removeIf", c -> c.selected().removeIf(key -> true));
        effect("selected.clear()", c -> c.selected().clear());
        effect("selected.iterator().remove()", c -> removeFirst(c.selected()));
        operation("selected.iterator().next()", c -> c.selected().iterator().next() == c.key());
        operation(
                "selected.iterator().remove() twice",
                c -> {
                    Iterator<SelectionKey> keys = c.selected().iterator();
                    keys.next();
                    keys.remove();
                    keys.remove();
                    return "removed twice";
                });
        operation(
                "selected, changed while iterated",
                c -> {
                    Iterator<SelectionKey> keys = c.selected().iterator();
                    c.selected().clear();
                    return keys.next();
                });
        operation("selected.toArray()", c -> c.selected().toArray().length);
        operation("selected.equals", c -> c.selected().equals(Set.of(c.key())));
        operation("selected.stream()", c -> c.selected().stream().count());
        operation("removed and selected again", SelectorTable::selectAgain);
    }

    private static Object selectAgain(Case c) throws IOException {
        c.selected().clear();
        return List.of(c.selector().selectNow(), c.selected().size(), c.selector().selectNow());
    }

    private static void removeFirst(Set<SelectionKey> keys) {
        Iterator<SelectionKey> all = keys.iterator();
        all.next();
        all.remove();
    }

    @Override
    Object[] visible(Case c) {
        SelectionKey key = c.key();
        return new Object[] {
            "open",
            c.selector().isOpen(),
            "keys",
            c.keys().size(),
            "selected",
            c.selected().size(),
            "valid",
            key.isValid(),
            "ops",
            key.isValid() ? key.interestOps() + " " + key.readyOps() : "none",
            "attachment",
            key.attachment(),
            "channel",
            key.channel().isOpen(),
            key.channel().isRegistered(),
            "blocking",
            key.channel().isBlocking()
        };
    }
}
