import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.net.URI;
import java.util.Set;

/** A verifier that has its keys from a JWKSource, which caches them. */
public final class NimbusVerifier {
  /** How long a fetch may take while the others wait for it, in milliseconds. */
  private static final long PATIENCE = 3_000;

  public static void main(String[] args) throws Exception {
    Lines.Arguments told = Lines.Arguments.of(args);
    JWKSource<SecurityContext> keys =
        JWKSourceBuilder.create(URI.create(told.jwksUri()).toURL())
            .cache(told.cacheMillis(), PATIENCE)
            // Ahead of the end of its cache, by default half a minute: more than the cache is here.
            .refreshAheadCache(false)
            .build();
    // Not EdDSA, for which it needs another library and more code.
    Set<JWSAlgorithm> algorithms =
        Set.of(JWSAlgorithm.ES256, JWSAlgorithm.RS256, JWSAlgorithm.PS256, JWSAlgorithm.ES384);
    DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
    // By default it takes JWT and no typ at all, but no at+jwt.
    processor.setJWSTypeVerifier(
        new DefaultJOSEObjectTypeVerifier<>(new JOSEObjectType(told.typ())));
    processor.setJWSKeySelector(new JWSVerificationKeySelector<>(algorithms, keys));
    processor.setJWTClaimsSetVerifier(
        new DefaultJWTClaimsVerifier<>(
            told.audience(),
            new JWTClaimsSet.Builder().issuer(told.issuer()).build(),
            Set.of("exp")));
    Lines.answer((token) -> processor.process(token, null).toJSONObject());
  }
}
