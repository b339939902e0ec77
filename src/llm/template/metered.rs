//! A template's program with a meter in it: whatever it works on goes through filters that take its size from the
//! rendering's budget.
//!
//! minijinja counts steps and has no limit on sizes, and nothing can be hung into its operators. So the parsed template
//! is copied with filters in the places of those that make something of their operands, and around the values that a
//! step reads in full. A value that is only looked up, in a list or by its name, costs nothing.

use minijinja::machinery::ast::{self, BinOpKind, CallArg, Expr, Spanned, Stmt};
use minijinja::machinery::{CodeGenerator, Instructions, Span, Token, WhitespaceConfig, parse, tokenize};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Error, ErrorKind, Value};

use super::operations::{ADD, CONCATENATE, KEPT, MULTIPLY, PAID, PAID_TEXT};

/// The longest template, in bytes; those of real models have some ten thousand.
const LONGEST: usize = 128 << 10;

/// Words and signs in one `{{ … }}` or `{% … %}`, and `elif`s in all: each may take some of the program's stack.
const MOST_WORDS: usize = 1000;
const MOST_CHOICES: usize = 200;

/// How authors of chat templates expect white space to be handled.
const WHITESPACE: WhitespaceConfig =
    WhitespaceConfig { keep_trailing_newline: false, lstrip_blocks: true, trim_blocks: true };

/// Compiles a template.
pub(super) fn compile<'a>(name: &'a str, source: &'a str) -> Result<Instructions<'a>, Error> {
    check(source)?;
    let template = statement(&parse(source, name, SyntaxConfig, WHITESPACE)?)?;
    let mut generator = CodeGenerator::new(name, source);
    generator.compile_stmt(&template);
    Ok(generator.finish().0)
}

/// Refuses what would be too deep to be parsed.
fn check(source: &str) -> Result<(), Error> {
    if source.len() > LONGEST {
        return Err(unfit("it is too long"));
    }
    let (mut words, mut choices) = (0, 0);
    for token in tokenize(source, false, SyntaxConfig, WHITESPACE) {
        match token?.0 {
            Token::TemplateData(_) | Token::BlockStart | Token::VariableStart => words = 0,
            Token::Ident("elif") => choices += 1,
            _ => words += 1,
        }
        if words > MOST_WORDS || choices > MOST_CHOICES {
            return Err(unfit("it is too deep"));
        }
    }
    Ok(())
}

fn unfit(detail: &'static str) -> Error {
    Error::new(ErrorKind::SyntaxError, detail)
}

fn statements<'a>(statements: &[Stmt<'a>]) -> Result<Vec<Stmt<'a>>, Error> {
    statements.iter().map(statement).collect()
}

fn statement<'a>(from: &Stmt<'a>) -> Result<Stmt<'a>, Error> {
    Ok(match from {
        Stmt::Template(it) => Stmt::Template(at(it, ast::Template { children: statements(&it.children)? })),
        Stmt::EmitExpr(it) => Stmt::EmitExpr(at(it, ast::EmitExpr { expr: expression(&it.expr) })),
        // What is written by an expression is paid for; what merely stands there would not be.
        Stmt::EmitRaw(it) => {
            let value = Value::from(it.raw);
            Stmt::EmitExpr(at(it, ast::EmitExpr { expr: Expr::Const(at(it, ast::Const { value })) }))
        }
        Stmt::ForLoop(it) => Stmt::ForLoop(at(it, for_loop(it)?)),
        Stmt::IfCond(it) => {
            let (true_body, false_body) = (statements(&it.true_body)?, statements(&it.false_body)?);
            Stmt::IfCond(at(it, ast::IfCond { expr: expression(&it.expr), true_body, false_body }))
        }
        Stmt::WithBlock(it) => {
            let assignments = it.assignments.iter().map(|(to, value)| (target(to), expression(value))).collect();
            Stmt::WithBlock(at(it, ast::WithBlock { assignments, body: statements(&it.body)? }))
        }
        Stmt::Set(it) => {
            let value = expression(&it.expr);
            let expr = if matches!(it.target, Expr::Var(_)) { value } else { filtered(KEPT, value) };
            Stmt::Set(at(it, ast::Set { target: target(&it.target), expr }))
        }
        Stmt::SetBlock(it) => {
            let (target, filter) = (target(&it.target), it.filter.as_ref().map(expression));
            Stmt::SetBlock(at(it, ast::SetBlock { target, filter, body: statements(&it.body)? }))
        }
        Stmt::AutoEscape(it) => {
            let enabled = expression(&it.enabled);
            Stmt::AutoEscape(at(it, ast::AutoEscape { enabled, body: statements(&it.body)? }))
        }
        Stmt::FilterBlock(it) => {
            let filter = expression(&it.filter);
            Stmt::FilterBlock(at(it, ast::FilterBlock { filter, body: statements(&it.body)? }))
        }
        Stmt::Macro(it) => Stmt::Macro(at(it, macro_of(it)?)),
        Stmt::CallBlock(it) => {
            let (call, macro_decl) = (at(&it.call, call(&it.call)), at(&it.macro_decl, macro_of(&it.macro_decl)?));
            Stmt::CallBlock(at(it, ast::CallBlock { call, macro_decl }))
        }
        Stmt::Do(it) => Stmt::Do(at(it, ast::Do { call: at(&it.call, call(&it.call)) })),
        _ => return Err(unfit("it wants to include other templates")),
    })
}

fn for_loop<'a>(from: &ast::ForLoop<'a>) -> Result<ast::ForLoop<'a>, Error> {
    Ok(ast::ForLoop {
        target: target(&from.target),
        iter: paid(&from.iter),
        filter_expr: from.filter_expr.as_ref().map(expression),
        recursive: from.recursive,
        body: statements(&from.body)?,
        else_body: statements(&from.else_body)?,
    })
}

fn macro_of<'a>(from: &ast::Macro<'a>) -> Result<ast::Macro<'a>, Error> {
    Ok(ast::Macro {
        name: from.name,
        args: from.args.iter().map(target).collect(),
        defaults: from.defaults.iter().map(expression).collect(),
        body: statements(&from.body)?,
    })
}

/// What is assigned to: a name, several, or a namespace's field.
fn target<'a>(from: &Expr<'a>) -> Expr<'a> {
    match from {
        Expr::List(it) => Expr::List(at(it, ast::List { items: it.items.iter().map(target).collect() })),
        Expr::GetAttr(it) => Expr::GetAttr(at(it, ast::GetAttr { expr: target(&it.expr), name: it.name })),
        other => expression(other),
    }
}

/// A value that a step reads in full.
fn paid<'a>(from: &Expr<'a>) -> Expr<'a> {
    filtered(PAID, expression(from))
}

fn paid_if_any<'a>(from: &Option<Expr<'a>>) -> Option<Expr<'a>> {
    from.as_ref().map(paid)
}

fn expression<'a>(from: &Expr<'a>) -> Expr<'a> {
    match from {
        Expr::Var(it) => Expr::Var(at(it, ast::Var { id: it.id })),
        Expr::Const(it) => Expr::Const(at(it, ast::Const { value: it.value.clone() })),
        Expr::Slice(it) => {
            let (start, stop, step) = (paid_if_any(&it.start), paid_if_any(&it.stop), paid_if_any(&it.step));
            filtered(PAID, Expr::Slice(at(it, ast::Slice { expr: paid(&it.expr), start, stop, step })))
        }
        Expr::UnaryOp(it) => {
            let is_not = matches!(it.op, ast::UnaryOpKind::Not);
            let op = if is_not { ast::UnaryOpKind::Not } else { ast::UnaryOpKind::Neg };
            Expr::UnaryOp(at(it, ast::UnaryOp { op, expr: expression(&it.expr) }))
        }
        Expr::BinOp(it) => operator(it),
        Expr::Compare(it) => {
            let ops = it.ops.iter().map(|next| ast::CompareOp { op: next.op, expr: paid(&next.expr) }).collect();
            Expr::Compare(at(it, ast::Compare { expr: paid(&it.expr), ops }))
        }
        Expr::IfExpr(it) => {
            let (test_expr, true_expr) = (expression(&it.test_expr), expression(&it.true_expr));
            Expr::IfExpr(at(
                it,
                ast::IfExpr { test_expr, true_expr, false_expr: it.false_expr.as_ref().map(expression) },
            ))
        }
        // Filters pay for what they are given and for what they give.
        Expr::Filter(it) => {
            let args = it.args.iter().map(|given| argument(given, expression)).collect();
            Expr::Filter(at(it, ast::Filter { name: it.name, expr: it.expr.as_ref().map(expression), args }))
        }
        Expr::Test(it) => {
            let args = it.args.iter().map(|given| argument(given, paid)).collect();
            Expr::Test(at(it, ast::Test { name: it.name, expr: paid(&it.expr), args }))
        }
        Expr::GetAttr(it) => Expr::GetAttr(at(it, ast::GetAttr { expr: expression(&it.expr), name: it.name })),
        Expr::GetItem(it) => {
            let (expr, subscript_expr) = (filtered(PAID_TEXT, expression(&it.expr)), paid(&it.subscript_expr));
            Expr::GetItem(at(it, ast::GetItem { expr, subscript_expr }))
        }
        Expr::Call(it) => filtered(PAID, Expr::Call(at(it, call(it)))),
        Expr::List(it) => {
            filtered(PAID, Expr::List(at(it, ast::List { items: it.items.iter().map(expression).collect() })))
        }
        Expr::Map(it) => {
            let (keys, values) = (it.keys.iter().map(paid).collect(), it.values.iter().map(expression).collect());
            filtered(PAID, Expr::Map(at(it, ast::Map { keys, values })))
        }
    }
}

fn operator<'a>(from: &Spanned<ast::BinOp<'a>>) -> Expr<'a> {
    let name = match from.op {
        BinOpKind::Add => ADD,
        BinOpKind::Concat => CONCATENATE,
        BinOpKind::Mul => MULTIPLY,
        // These give one of the two.
        BinOpKind::ScAnd | BinOpKind::ScOr => {
            let (left, right) = (expression(&from.left), expression(&from.right));
            return Expr::BinOp(at(from, ast::BinOp { op: from.op, left, right }));
        }
        op => {
            let (left, right) = (paid(&from.left), paid(&from.right));
            return Expr::BinOp(at(from, ast::BinOp { op, left, right }));
        }
    };
    let args = vec![CallArg::Pos(expression(&from.right))];
    Expr::Filter(at(from, ast::Filter { name, expr: Some(expression(&from.left)), args }))
}

/// A call of a function, a macro or a method.
fn call<'a>(from: &ast::Call<'a>) -> ast::Call<'a> {
    let expr = match &from.expr {
        Expr::GetAttr(method) => {
            Expr::GetAttr(at(method, ast::GetAttr { expr: paid(&method.expr), name: method.name }))
        }
        other => expression(other),
    };
    ast::Call { expr, args: from.args.iter().map(|given| argument(given, paid)).collect() }
}

fn argument<'a>(from: &CallArg<'a>, change: fn(&Expr<'a>) -> Expr<'a>) -> CallArg<'a> {
    match from {
        CallArg::Pos(value) => CallArg::Pos(change(value)),
        CallArg::Kwarg(name, value) => CallArg::Kwarg(name, change(value)),
        CallArg::PosSplat(value) => CallArg::PosSplat(change(value)),
        CallArg::KwargSplat(value) => CallArg::KwargSplat(change(value)),
    }
}

fn filtered<'a>(name: &'static str, expr: Expr<'a>) -> Expr<'a> {
    let span = expr.span();
    Expr::Filter(Spanned::new(ast::Filter { name, expr: Some(expr), args: Vec::new() }, span))
}

/// A node in the place of another.
fn at<T, U>(place: &Spanned<U>, node: T) -> Spanned<T> {
    let span: Span = place.span();
    Spanned::new(node, span)
}
