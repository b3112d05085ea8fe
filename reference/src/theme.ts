import {
  type Comment,
  type CommentTag,
  type DeclarationHierarchy,
  type ParameterReflection,
  type Reflection,
  ReflectionKind,
  type SignatureReflection,
} from "typedoc";
import { type MarkdownPageEvent, MarkdownTheme, MarkdownThemeContext } from "typedoc-plugin-markdown";

/** The theme's name in TypeDoc's options. */
export const THEME = "tickpipe";

/**
 * How a function is shown: its signature with types, what it does, and one list each of what is to be said of its parameters and of what it throws. The
 * plugin's own theme has a heading and a table for each of these, and says nothing of the errors' classes.
 */
export class ReferenceTheme extends MarkdownTheme {
  override getRenderContext(page: MarkdownPageEvent<Reflection>): MarkdownThemeContext {
    return new ReferenceContext(this, page, this.application.options);
  }
}

class ReferenceContext extends MarkdownThemeContext {
  constructor(...args: ConstructorParameters<typeof MarkdownThemeContext>) {
    super(...args);
    this.partials = {
      ...this.partials,
      signature: (signature, { hideTitle = false }) => this.#signature(signature, hideTitle),
      hierarchy: (hierarchy) => this.#parents(hierarchy),
      // Where a member was inherited from is of no use to who calls it.
      inheritance: () => "",
    };
  }

  #signature(signature: SignatureReflection, hideTitle: boolean): string {
    const { comment } = signature;
    return [
      hideTitle ? "" : this.partials.signatureTitle(signature),
      comment === undefined ? "" : this.partials.comment(comment, { showTags: false }),
      this.#parameters(signature.parameters ?? []),
      this.#returns(signature, comment),
      this.#throws(comment?.getTags("@throws") ?? []),
    ]
      .filter((part) => part !== "")
      .join("\n\n");
  }

  #parents({ types, isTarget = false }: DeclarationHierarchy): string {
    return isTarget ? "" : `Extends ${types.map((type) => this.partials.someType(type)).join(", ")}.`;
  }

  #parameters(parameters: readonly ParameterReflection[]): string {
    return parameters
      .filter((parameter) => parameter.comment?.hasVisibleComponent())
      .map((parameter) => `- \`${parameter.name}\`: ${this.#lineOf(parameter.comment?.summary ?? [])}`)
      .join("\n");
  }

  #returns(signature: SignatureReflection, comment: Comment | undefined): string {
    const tag = comment?.getTag("@returns");
    if (tag === undefined || signature.kind === ReflectionKind.ConstructorSignature) return "";
    return `Returns: ${this.#lineOf(tag.content)}`;
  }

  #throws(tags: readonly CommentTag[]): string {
    const lines = tags.map(({ typeAnnotation, content }) => {
      const error = typeAnnotation?.replace(/^\{|\}$/g, "");
      const said = this.#lineOf(content);
      return error === undefined ? `- ${said}` : `- \`${error}\`${said === "" ? "" : `: ${said}`}`;
    });
    return lines.length === 0 ? "" : `Throws, or rejects with:\n\n${lines.join("\n")}`;
  }

  #lineOf(content: Comment["summary"]): string {
    return this.helpers
      .getCommentParts(content)
      .replace(/\s*\n\s*/g, " ")
      .trim();
  }
}
