import com.nimbusds.jose.util.JSONObjectUtils;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** What the verifiers have in common: how they are called and how they answer. */
final class Lines {
  record Arguments(String jwksUri, String issuer, String audience, String typ, long cacheMillis) {
    static Arguments of(String[] args) {
      long cacheMillis = (long) (Double.parseDouble(args[4]) * 1000);
      return new Arguments(args[0], args[1], args[2], args[3], cacheMillis);
    }
  }

  interface Verify {
    Map<String, Object> claimsOf(String token) throws Exception;
  }

  /** Answers each line of standard input, a token: "ok" and its claims, or "error" and why. */
  static void answer(Verify verify) throws Exception {
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
    // System.out writes in the encoding of the machine, which may have no umlauts.
    PrintStream output =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    for (String token = input.readLine(); token != null; token = input.readLine()) {
      String answer;
      try {
        answer = "ok " + JSONObjectUtils.toJSONString(verify.claimsOf(token));
      } catch (Exception error) {
        answer = "error " + error.toString().replaceAll("\\s+", " ");
      }
      output.println(answer);
    }
  }
}
