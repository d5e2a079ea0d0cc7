# R glmnet as a process that answers requests: one line in, one line out, data in binary files of a folder.
suppressMessages(library(glmnet))
glmnet.control(fdev = 0, devmax = 1) # to the end of the grid, as for everybody
parallel <- suppressWarnings(suppressMessages(requireNamespace("doParallel", quietly = TRUE)))

doubles <- function(folder, name, n) readBin(file.path(folder, name), "double", n)
integers <- function(folder, name, n) readBin(file.path(folder, name), "integer", n)

load_work <- function(folder) {
  f <- scan(file.path(folder, "facts"), quiet = TRUE)
  names(f) <- c("n", "p", "nnz", "lams", "l1_ratio", "intercept", "weighted", "folds", "threads", "responses")
  x <- if (f["nnz"] < 0) {
    matrix(doubles(folder, "x", f["n"] * f["p"]), f["n"], f["p"])
  } else {
    new("dgCMatrix", x = doubles(folder, "x", f["nnz"]), i = integers(folder, "i", f["nnz"]),
        p = integers(folder, "p", f["p"] + 1), Dim = as.integer(c(f["n"], f["p"])))
  }
  family <- scan(file.path(folder, "family"), "", quiet = TRUE)
  y <- doubles(folder, "y", f["n"] * f["responses"])
  if (f["responses"] > 1) y <- matrix(y, f["n"])
  if (family == "cox") colnames(y) <- c("time", "status")
  list(x = x, y = y, family = family, lams = doubles(folder, "lams", f["lams"]), f = f,
       weights = if (f["weighted"] > 0) doubles(folder, "weights", f["n"]),
       folds = if (f["folds"] > 0) integers(folder, "folds", f["n"]) + 1L)
}

arguments <- function(w, tol) {
  a <- list(x = w$x, y = w$y, lambda = w$lams, alpha = w$f[["l1_ratio"]], standardize = FALSE,
            family = w$family, intercept = w$f[["intercept"]] > 0, thresh = tol, maxit = 1e9)
  if (!is.null(w$weights)) a$weights <- w$weights
  a
}

fit <- function(w, tol, task) {
  a <- arguments(w, tol)
  if (task == "cv") {
    spread <- parallel && w$f[["threads"]] > 1
    if (spread) doParallel::registerDoParallel(w$f[["threads"]])
    m <- do.call(cv.glmnet, c(a, list(foldid = w$folds, parallel = spread)))
    pick(m$glmnet.fit, which(m$lambda == m$lambda.min)[1])
  } else {
    m <- do.call(glmnet, a)
    if (task == "single") pick(m, length(m$lambda)) else m
  }
}

columns <- function(m) if (is.list(m$beta)) do.call(cbind, m$beta) else m$beta # of several predictors one by one
count <- function(m) if (is.list(m$beta)) ncol(m$beta[[1]]) else ncol(m$beta)

pick <- function(m, k) {
  b <- columns(m)
  list(beta = b[, seq(k, ncol(b), count(m)), drop = FALSE], a0 = if (is.matrix(m$a0)) m$a0[, k] else m$a0[k])
}

save_fit <- function(m, folder) {
  b <- as(columns(m), "CsparseMatrix")
  writeBin(b@x, file.path(folder, "beta.x")); writeBin(b@i, file.path(folder, "beta.i"))
  writeBin(b@p, file.path(folder, "beta.p")); writeBin(as.double(m$a0), file.path(folder, "a0"))
}

cat("ready", Sys.getpid(), as.character(packageVersion("glmnet")), as.character(getRversion()), parallel, "\n")
input <- file("stdin", "r")
work <- NULL
while (length(line <- readLines(input, 1)) > 0) {
  words <- strsplit(line, " ", fixed = TRUE)[[1]]
  answer <- tryCatch({
    if (words[1] == "load") { work <- load_work(words[2]); invisible(gc()); "done 0" } else {
      start <- Sys.time()
      m <- suppressWarnings(fit(work, as.numeric(words[2]), words[1]))
      seconds <- as.numeric(difftime(Sys.time(), start, units = "secs"))
      save_fit(m, words[3])
      paste("done", format(seconds, digits = 9), count(m))
    }
  }, error = function(e) paste("error", gsub("\n", " ", conditionMessage(e))))
  m <- NULL
  invisible(gc()) # what this call left behind is not part of the next one's memory
  cat(answer, "\n", sep = "")
  flush(stdout())
}
