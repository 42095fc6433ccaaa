package io.usernet.benchmarks.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A command line of {@code --name} and {@code --name=value}. Whoever reads it takes out what it knows
 * and then demands that nothing is left.
 */
final class Arguments {
    private final Map<String, List<String>> values = new LinkedHashMap<>();

    Arguments(String... line) throws UsageException {
        for (String argument : line) {
            if (!argument.startsWith("--")) {
                throw new UsageException("'" + argument + "': options are --name or --name=value");
            }
            int equals = argument.indexOf('=');
            String name = equals < 0 ? argument : argument.substring(0, equals);
            String value = equals < 0 ? null : argument.substring(equals + 1);
            values.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
        }
    }

    /** Whether there is an option, which takes no value. */
    boolean flag(String name) throws UsageException {
        List<String> given = values.remove(name);
        if (given == null) return false;
        for (String value : given) {
            if (value != null) throw new UsageException(name + " takes no value");
        }
        return true;
    }

    /** The values of an option that may be repeated. */
    List<String> all(String name) throws UsageException {
        List<String> given = values.remove(name);
        if (given == null) return List.of();
        for (String value : given) {
            if (value == null || value.isEmpty()) {
                throw new UsageException(name + " takes a value: " + name + "=...");
            }
        }
        return given;
    }

    String one(String name, String ifAbsent) throws UsageException {
        List<String> given = all(name);
        if (given.size() > 1) throw new UsageException(name + " is given more than once");
        return given.isEmpty() ? ifAbsent : given.get(0);
    }

    int number(String name, int ifAbsent, int least, int most) throws UsageException {
        String given = one(name, null);
        if (given == null) return ifAbsent;
        try {
            int number = Integer.parseInt(given);
            if (number >= least && number <= most) return number;
        } catch (NumberFormatException e) {
            // Falls through: the message is the same.
        }
        throw new UsageException(
                name + "=" + given + ": not a number from " + least + " to " + most);
    }

    void end(String known) throws UsageException {
        if (values.isEmpty()) return;
        throw new UsageException(
                "no option " + values.keySet().iterator().next() + ": there are " + known);
    }
}
