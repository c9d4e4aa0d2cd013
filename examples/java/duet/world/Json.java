package duet.world;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON to maps, lists, strings; numbers and words stay text. */
public final class Json {
    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    public static Object parse(String text) {
        Json json = new Json(text);
        Object value = json.value();
        json.space();
        if (json.at != text.length()) throw json.wrong("something behind the value");
        return value;
    }

    @SuppressWarnings("unchecked")
    public static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }

    @SuppressWarnings("unchecked")
    public static List<Object> list(Object value) {
        return (List<Object>) value;
    }

    private IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException("JSON, character " + at + ": " + what);
    }

    private void space() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) at++;
    }

    private char next() {
        space();
        if (at == text.length()) throw wrong("the end");
        return text.charAt(at++);
    }

    private boolean follows(char c) {
        space();
        if (at == text.length() || text.charAt(at) != c) return false;
        at++;
        return true;
    }

    private Object value() {
        char first = next();
        if (first == '{') {
            Map<String, Object> object = new LinkedHashMap<>();
            while (!follows('}')) {
                if (next() != '"') throw wrong("a name was expected");
                String name = string();
                if (next() != ':') throw wrong("a colon was expected");
                object.put(name, value());
                if (!follows(',')) {
                    if (next() != '}') throw wrong("a comma was expected");
                    break;
                }
            }
            return object;
        }
        if (first == '[') {
            List<Object> list = new ArrayList<>();
            while (!follows(']')) {
                list.add(value());
                if (!follows(',')) {
                    if (next() != ']') throw wrong("a comma was expected");
                    break;
                }
            }
            return list;
        }
        if (first == '"') return string();
        int start = at - 1;
        while (at < text.length() && ",]} \t\r\n".indexOf(text.charAt(at)) < 0) at++;
        return text.substring(start, at);
    }

    private String string() {
        StringBuilder result = new StringBuilder();
        while (true) {
            if (at == text.length()) throw wrong("the end of a string is missing");
            char c = text.charAt(at++);
            if (c == '"') return result.toString();
            if (c == '\\') {
                if (at == text.length()) throw wrong("the end of a string is missing");
                c = text.charAt(at++);
                if (c == 'u') {
                    c = (char) Integer.parseInt(text.substring(at, at + 4), 16);
                    at += 4;
                } else if ("nrtbf".indexOf(c) >= 0) {
                    c = "\n\r\t\b\f".charAt("nrtbf".indexOf(c));
                }
            }
            result.append(c);
        }
    }
}
