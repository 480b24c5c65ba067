import edu.hm.hafner.analysis.FileReaderFactory;
import edu.hm.hafner.analysis.Issue;
import edu.hm.hafner.analysis.registry.ParserRegistry;
import java.nio.file.Path;
import org.json.JSONArray;
import org.json.JSONObject;

/** Prints what the parsers of Jenkins' Warnings Next Generation plug-in read: arguments are PARSER=FILE. */
class ReadReports {
    public static void main(String[] arguments) {
        JSONObject all = new JSONObject();
        for (String argument : arguments) {
            String[] words = argument.split("=", 2);
            JSONArray issues = new JSONArray();
            for (Issue issue : new ParserRegistry().get(words[0]).createParser().parse(new FileReaderFactory(Path.of(words[1])))) {
                issues.put(new JSONObject()
                    .put("path", issue.getFileName()).put("line", issue.getLineStart()).put("endLine", issue.getLineEnd())
                    .put("column", issue.getColumnStart()).put("endColumn", issue.getColumnEnd())
                    .put("severity", issue.getSeverity().getName()).put("type", issue.getType())
                    .put("category", issue.getCategory()).put("message", issue.getMessage())
                    .put("fingerprint", issue.getFingerprint()));
            }
            all.put(words[0], issues);
        }
        System.out.println(all);
    }
}
