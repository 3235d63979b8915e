import type { GatewaySettings } from './settings.ts'

const IMPORTS = [
  'com.nimbusds.jose.JOSEObjectType',
  'com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier',
  'java.util.List',
  'java.util.Objects',
  'org.springframework.beans.factory.annotation.Value',
  'org.springframework.context.annotation.Bean',
  'org.springframework.context.annotation.Configuration',
  'org.springframework.http.client.SimpleClientHttpRequestFactory',
  'org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator',
  'org.springframework.security.oauth2.jose.jws.SignatureAlgorithm',
  'org.springframework.security.oauth2.jwt.JwtClaimNames',
  'org.springframework.security.oauth2.jwt.JwtClaimValidator',
  'org.springframework.security.oauth2.jwt.JwtDecoder',
  'org.springframework.security.oauth2.jwt.JwtIssuerValidator',
  'org.springframework.security.oauth2.jwt.JwtTimestampValidator',
  'org.springframework.security.oauth2.jwt.NimbusJwtDecoder',
  'org.springframework.web.client.RestTemplate',
]

const PROPERTY = 'spring.security.oauth2.resourceserver.jwt'

/**
 * The class that decodes tokens for Spring: by itself, Spring takes no `at+jwt` and waits for keys without
 * an end.
 */
export function springDecoder({ algorithm, typ }: GatewaySettings): string {
  return `// Put the line of your package here: it must be one that Spring scans.

${IMPORTS.map((name) => `import ${name};`).join('\n')}

/** Takes access tokens of Mintmark, as application.yml says, and no other kind of JWT (RFC 9068). */
@Configuration(proxyBeanMethods = false)
public class MintmarkJwtDecoder {
  @Bean
  JwtDecoder jwtDecoder(
      @Value("\${${PROPERTY}.issuer-uri}") String issuer,
      @Value("\${${PROPERTY}.jwk-set-uri}") String jwkSetUri,
      @Value("\${${PROPERTY}.audiences}") String audience) {
    // By default a fetch of the keys may wait for ever.
    SimpleClientHttpRequestFactory http = new SimpleClientHttpRequestFactory();
    http.setConnectTimeout(2_000);
    http.setReadTimeout(3_000);
    NimbusJwtDecoder decoder =
        NimbusJwtDecoder.withJwkSetUri(jwkSetUri)
            .restOperations(new RestTemplate(http))
            .jwsAlgorithm(SignatureAlgorithm.${algorithm})
            .jwtProcessorCustomizer(
                (processor) ->
                    processor.setJWSTypeVerifier(
                        new DefaultJOSEObjectTypeVerifier<>(new JOSEObjectType("${typ}"))))
            .build();
    decoder.setJwtValidator(
        new DelegatingOAuth2TokenValidator<>(
            new JwtTimestampValidator(),
            new JwtClaimValidator<Object>(JwtClaimNames.EXP, Objects::nonNull),
            new JwtIssuerValidator(issuer),
            new JwtClaimValidator<List<String>>(
                JwtClaimNames.AUD, (list) -> list != null && list.contains(audience))));
    return decoder;
  }
}
`
}
