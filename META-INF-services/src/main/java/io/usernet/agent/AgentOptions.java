package io.usernet.agent;

import io.usernet.config.Settings;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What stands behind {@code -javaagent:usernet.jar=}: {@code key=value,key=value}. A key is a setting's
 * name, without {@code usernet.} or with it, or a {@link Part}. A value may have commas, so what begins
 * with no key continues the value before it.
 *
 * @param settings values by the settings' full names; not checked yet
 * @param off the parts that are switched off
 */
record AgentOptions(Map<String, String> settings, Set<Part> off) {
    private static final String SEE = "java -jar usernet.jar lists them";

    /**
     * Reads the options.
     *
     * @param text null: none
     * @throws IllegalArgumentException with one line that names the option and the remedy
     */
    static AgentOptions parse(String text) {
        Map<String, String> values = new LinkedHashMap<>();
        String key = null;
        for (String piece : (text == null ? "" : text).split(",")) {
            if (piece.isBlank()) continue;
            int equals = piece.indexOf('=');
            String name = withoutPrefix(piece.substring(0, Math.max(equals, 0)).trim());
            if (isOption(name)) {
                key = name;
                if (values.putIfAbsent(key, piece.substring(equals + 1).trim()) != null) {
                    throw wrong(piece, key + " is given twice");
                }
            } else if (mayContinue(key, name, piece)) {
                values.merge(key, piece.trim(), (before, more) -> before + "," + more);
            } else {
                throw wrong(piece, remedy(name, piece));
            }
        }
        return of(values);
    }

    private static String withoutPrefix(String name) {
        return name.startsWith(Settings.PREFIX) ? name.substring(Settings.PREFIX.length()) : name;
    }

    private static boolean isOption(String name) {
        return Part.of(name) != null || Settings.isSetting(Settings.PREFIX + name);
    }

    /**
     * What a value with commas goes on with: a word, more of a link's parameters ({@code
     * tcp=80,443&udp=53}), or a part of an impairment. Another {@code name=value} is a mistyped key.
     */
    private static boolean mayContinue(String key, String name, String piece) {
        if (key == null || isOption(withoutPrefix(piece.trim()))) return false;
        return name.isEmpty()
                || name.indexOf('&') >= 0
                || Settings.IMPAIR.equals(Settings.PREFIX + key);
    }

    private static String remedy(String name, String piece) {
        if (!name.isEmpty()) return "there is no option '" + name + "'; " + SEE;
        if (isOption(withoutPrefix(piece.trim()))) return "give it a value, with =";
        return "write key=value,key=value, such as link=tap:usernet0,address=10.0.0.2/24";
    }

    private static AgentOptions of(Map<String, String> values) {
        Map<String, String> settings = new LinkedHashMap<>();
        Set<Part> off = EnumSet.noneOf(Part.class);
        values.forEach(
                (key, value) -> {
                    Part part = Part.of(key);
                    if (part == null) settings.put(Settings.PREFIX + key, value);
                    else if (!isOn(key, value)) off.add(part);
                });
        return new AgentOptions(settings, off);
    }

    private static boolean isOn(String key, String value) {
        if (value.equals("on") || value.equals("off")) return value.equals("on");
        throw wrong(key + "=" + value, "give on or off; the default is on");
    }

    private static IllegalArgumentException wrong(String piece, String remedy) {
        return new IllegalArgumentException(piece.trim() + ": " + remedy);
    }

    boolean isOn(Part part) {
        return !off.contains(part);
    }
}
